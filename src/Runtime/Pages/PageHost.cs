using Overlay.Identity;
using Overlay.Ring;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Links;
using Overlay.Runtime.Sockets;
using Overlay.Signalling;
using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Pages;

/// <summary>The connections with pages that run Smoke: offered or answered over their hub, as browsers do it, and direct from the start.</summary>
/// <remarks>
/// <para>Where both offer, ours stands: from the moment it leaves until its answer is in, offers of the page are passed over, and the browser takes its own back. Which of a page's
/// candidates count is told by their user fragment.</para>
/// <para>A page never forgets a connection, so none is closed for being idle: the page could not reach this node any more. All members are the loop's.</para>
/// </remarks>
internal sealed class PageHost(
    OverlayNode node, ConnectionTable table, IReadOnlyList<UdpPath> paths, DtlsCertificate certificate, WebRtc.ISecrets secrets, PeerChannelOptions options)
{
    private const int MaxBufferedBytes = 4 << 20;

    /// <summary>How long a page may take to answer an offer; after that the next channel offers again.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Browsers ask for consent every 2.65 s, others at least every 5.7 s, and we every 2.5 s: whoever says nothing for so long has something the matter.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(6);

    /// <summary>A page without channels for so long makes room for another.</summary>
    public static readonly TimeSpan IdleBeforeEviction = TimeSpan.FromMinutes(2);

    private readonly Dictionary<RingId, PageConnection> _byPage = [];
    private readonly EarlyCandidates _early = new();
    private PeerChannelOptions _options = options;

    /// <summary>Sends a signal to a connection's page, without waiting; a failure comes back to <see cref="SignalFailed"/>.</summary>
    public required Action<PageConnection, byte[]> OnSignal { get; init; }

    /// <summary>Sends what a connection has to send, before it is forgotten.</summary>
    public required Action<ChannelConnection> OnFlush { get; init; }

    /// <summary>Counts a signal that was no use.</summary>
    public required Action OnDropped { get; init; }

    /// <summary>When an answer is overdue next, or a page has been silent for too long.</summary>
    public WebRtc.Instant NextDue
    {
        get
        {
            var due = WebRtc.Instant.Never;
            foreach (var connection in _byPage.Values)
            {
                due = WebRtc.Instant.Min(due, WebRtc.Instant.Min(connection.AnswerDue, connection.SilentAt));
            }

            return due;
        }
    }

    private bool TakesPages => _options is { MaxPages: > 0, Policy: not ChannelPolicy.OverlayOnly };

    /// <summary>Other limits from now on; pages that are connected stay so.</summary>
    public void Reconfigure(PeerChannelOptions changed) => _options = changed;

    /// <summary>How a page is called here: at this node's hub by its dotted quad, elsewhere by its id.</summary>
    public PeerAddress AddressOf(RingId page)
    {
        var text = GuestIds.HubOf(page) == node.HomeHub ? GuestIds.Quad(GuestIds.AddressOf(page)) : page.ToString();
        return new(text, page, PeerProof.Vouched);
    }

    /// <summary>Takes what a page says to set up or tend a connection. False where it is for the application.</summary>
    public bool TryTake(WebRtc.Instant now, GuestSignalArrival arrival)
    {
        if (!TakesPages || !arrival.IsVouched || !PageSignal.TryRead(arrival.Json.Span, out var signal))
        {
            return false;
        }

        var used = signal.Kind switch
        {
            PageSignalKind.Offer => TakeOffer(now, arrival.From, signal.Text),
            PageSignalKind.Answer => TakeAnswer(now, arrival.From, signal.Text),
            _ => TakeCandidate(now, arrival.From, signal),
        };
        if (!used)
        {
            OnDropped();
        }

        return true;
    }

    /// <summary>Opens a channel: on the connection there is, else the page is offered one.</summary>
    public void Open(WebRtc.Instant now, ConnectionChannel channel, Action<WebRtc.Instant, ChannelConnection, ConnectionChannel> bind)
    {
        var page = channel.Remote.Id;
        if (!TakesPages)
        {
            channel.End(new OverlayException(OverlayError.HostUnreachable, _options.MaxPages == 0
                ? $"{channel.Remote} is a page, and this node connects with none ({nameof(PeerChannelOptions.MaxPages)} is 0)."
                : $"{channel.Remote} is a page, which can only be reached directly; this node's channels all go over the overlay ({nameof(ChannelPolicy.OverlayOnly)})."));
            return;
        }

        if (!_byPage.TryGetValue(page, out var connection))
        {
            if (!MakeRoom(now))
            {
                channel.End(new OverlayException(OverlayError.HostUnreachable, $"No connection to {channel.Remote}: this node has as many pages as it may have ({nameof(PeerChannelOptions.MaxPages)})."));
                return;
            }

            connection = Begin(page, PeerRole.Offerer);
            bind(now, connection, channel);
            Offer(now, connection);
            return;
        }

        bind(now, connection, channel);
        Tend(now, connection);
    }

    /// <summary>
    /// A page that has fallen silent is offered ICE anew: if it moved to another network, it comes back; if it is gone, its hub says so at once, long before consent runs out.
    /// </summary>
    public void Tend(WebRtc.Instant now, PageConnection connection)
    {
        if (now - connection.Connection.LastHeardAt < Silence)
        {
            connection.HasRestarted = false;
        }
        else if (connection.SilentAt <= now)
        {
            connection.HasRestarted = true;
            if (!connection.AwaitsAnswer && connection.Connection.RestartIce(now))
            {
                table.LearnUfrag(connection);
                Offer(now, connection);
            }
        }
    }

    /// <summary>Gives up offers whose time is over, and asks after silent pages.</summary>
    public void Advance(WebRtc.Instant now)
    {
        if (NextDue > now)
        {
            return;
        }

        foreach (var connection in new List<PageConnection>(_byPage.Values))
        {
            if (connection.AnswerDue <= now)
            {
                connection.AnswerDue = WebRtc.Instant.Never;
                if (connection.Theirs is null)
                {
                    End(now, connection, new OverlayException(OverlayError.TimedOut, $"{connection.Remote} did not answer within {AnswerTimeout.TotalSeconds:F0} s."));
                    continue;
                }
            }

            Tend(now, connection);
        }
    }

    /// <summary>A signal did not reach its page.</summary>
    public void SignalFailed(WebRtc.Instant now, PageConnection connection, OverlayException why)
    {
        // While the connection works, a page may do without its hub.
        if (IsCurrent(connection) && (connection.Connection.Phase != PeerPhase.Open || now - connection.Connection.LastHeardAt >= Silence))
        {
            var isGone = why.Outcome == Outcome.Unreachable;
            End(now, connection, new OverlayException(
                isGone ? OverlayError.HostUnreachable : OverlayError.TimedOut,
                why.Drop == DropReason.GuestGone ? $"There is no page {connection.Remote} at its hub now." : $"The hub of the page {connection.Remote} cannot be reached: {why.Message}",
                why));
        }
    }

    /// <summary>The stack has ended a connection.</summary>
    public void Forget(PageConnection connection)
    {
        var failure = connection.Connection.Failure;
        Remove(connection, failure == PeerFailure.None
            ? new OverlayException(OverlayError.ChannelLost, $"{connection.Remote} closed the connection.")
            : new OverlayException(OverlayError.ChannelLost, $"The connection to the page {connection.Remote} broke off ({failure}): it is gone, or no way to it is left."));
    }

    /// <summary>The node stops.</summary>
    public void CloseAll(WebRtc.Instant now, OverlayException stopped)
    {
        foreach (var connection in new List<PageConnection>(_byPage.Values))
        {
            End(now, connection, stopped);
        }
    }

    private bool TakeOffer(WebRtc.Instant now, RingId page, string sdp)
    {
        if (!PeerDescription.TryParseSdp(sdp, out var offer, out _))
        {
            return false;
        }

        if (_byPage.TryGetValue(page, out var connection))
        {
            if (connection.AwaitsAnswer)
            {
                return true; // Glare: ours stands.
            }

            if (connection.Theirs!.Fingerprint != offer.Fingerprint)
            {
                // A page that forgot us and began anew, or another one after the hub did.
                End(now, connection, new OverlayException(OverlayError.ChannelLost, $"{connection.Remote} has begun anew."));
                connection = null;
            }
        }

        if (connection is null)
        {
            if (!MakeRoom(now))
            {
                return false;
            }

            connection = Begin(page, PeerRole.Answerer);
        }

        if (!Describe(now, connection, offer))
        {
            return false;
        }

        OnSignal(connection, PageSignal.Write(PageSignalKind.Answer, connection.Connection.LocalDescription.ToSdp(offer)));
        return true;
    }

    private bool TakeAnswer(WebRtc.Instant now, RingId page, string sdp)
    {
        if (!_byPage.TryGetValue(page, out var connection) || !connection.AwaitsAnswer
            || !PeerDescription.TryParseSdp(sdp, out var answer, out _) || !Describe(now, connection, answer))
        {
            return false;
        }

        connection.AnswerDue = WebRtc.Instant.Never;
        return true;
    }

    private bool TakeCandidate(WebRtc.Instant now, RingId page, in PageSignal signal)
    {
        if (signal.Text.Length == 0)
        {
            return true;
        }

        if (!Candidate.TryParse(signal.Text, out var candidate))
        {
            return false;
        }

        var ufrag = signal.Ufrag.Length > 0 ? signal.Ufrag : candidate.Ufrag ?? "";
        if (_byPage.TryGetValue(page, out var connection) && connection.Theirs is { } theirs && (ufrag.Length == 0 || ufrag == theirs.Ufrag))
        {
            connection.Connection.AddRemoteCandidate(now, candidate);
            table.MarkDirty(connection);
        }
        else
        {
            _early.Add(page, ufrag, candidate);
        }

        return true;
    }

    /// <summary>The page's description is in: checks begin, or go on with what is new.</summary>
    private bool Describe(WebRtc.Instant now, PageConnection connection, PeerDescription theirs)
    {
        if (!connection.Connection.SetRemoteDescription(now, theirs))
        {
            if (connection.Theirs is null && !connection.AwaitsAnswer)
            {
                Remove(connection, new OverlayException(OverlayError.ChannelLost, $"{connection.Remote} offers what cannot be used."));
            }

            return false;
        }

        connection.Theirs = theirs;
        table.LearnUfrag(connection);
        foreach (var candidate in _early.Take(connection.Peer, theirs.Ufrag))
        {
            connection.Connection.AddRemoteCandidate(now, candidate);
        }

        table.MarkDirty(connection);
        return true;
    }

    private void Offer(WebRtc.Instant now, PageConnection connection)
    {
        connection.AnswerDue = now + AnswerTimeout;
        table.MarkDirty(connection);
        OnSignal(connection, PageSignal.Write(PageSignalKind.Offer, connection.Connection.LocalDescription.ToSdp()));
    }

    private PageConnection Begin(RingId page, PeerRole role)
    {
        var foreign = PeerOptions.Foreign(role) with { MaxMessageSize = ChannelHost.MaxMessageBytes, MaxBufferedBytes = MaxBufferedBytes };
        var connection = new PageConnection(AddressOf(page), new PeerConnection(foreign, certificate, secrets), role == PeerRole.Offerer);
        foreach (var path in paths)
        {
            connection.Connection.AddLocalCandidate(path.Id, path.Local, LinkManager.PacketBytes);
        }

        _byPage[page] = connection;
        table.Add(connection);
        return connection;
    }

    /// <summary>Whether one more page may be connected; the one that has been idle for longest may have to go for it.</summary>
    private bool MakeRoom(WebRtc.Instant now)
    {
        if (_byPage.Count < _options.MaxPages)
        {
            return true;
        }

        PageConnection? idlest = null;
        foreach (var connection in _byPage.Values)
        {
            if (connection.IdleSince < (idlest?.IdleSince ?? WebRtc.Instant.Never))
            {
                idlest = connection;
            }
        }

        if (idlest is null || now - idlest.IdleSince < IdleBeforeEviction)
        {
            return false;
        }

        End(now, idlest, new OverlayException(OverlayError.ChannelLost, $"{idlest.Remote} made room for another page."));
        return true;
    }

    private bool IsCurrent(PageConnection connection) => _byPage.TryGetValue(connection.Peer, out var current) && current == connection;

    private void End(WebRtc.Instant now, PageConnection connection, OverlayException why)
    {
        connection.Connection.Close(now);
        OnFlush(connection);
        Remove(connection, why);
    }

    private void Remove(PageConnection connection, OverlayException why)
    {
        foreach (var channel in new List<ConnectionChannel>(connection.Channels.Values))
        {
            channel.End(why);
        }

        if (IsCurrent(connection))
        {
            _byPage.Remove(connection.Peer);
        }

        table.Remove(connection);
    }
}
