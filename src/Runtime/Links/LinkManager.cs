using System.Diagnostics.CodeAnalysis;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Sockets;
using Overlay.WebRtc;
using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Links;

/// <summary>The connections of one node: made for the node's effects, found for each datagram, drained by the loop.</summary>
/// <remarks>
/// One socket serves many connections. A datagram is given to the connection whose checks last used its address, in either direction; a STUN
/// request also names its connection by the user fragment, which wins.
/// </remarks>
internal sealed class LinkManager(IReadOnlyList<UdpPath> paths, DtlsCertificate certificate, WebRtc.ISecrets secrets) : IDisposable
{
    private const int PacketBytes = 1200;
    private const int MaxBufferedBytes = 4 << 20;

    private static readonly TimeSpan OwnConsentTimeout = TimeSpan.FromSeconds(30);

    private readonly Dictionary<LinkId, PeerLink> _links = [];
    private readonly Dictionary<string, PeerLink> _byUfrag = new(StringComparer.Ordinal);
    private readonly Dictionary<(PathId Path, TransportAddress Remote), PeerLink> _byRemote = [];
    private readonly List<PeerLink> _dirty = [];

    /// <summary>The links there are.</summary>
    public Dictionary<LinkId, PeerLink>.ValueCollection Links => _links.Values;

    /// <summary>Starts a connection. As answerer (<paramref name="remote"/> given) false where the offer cannot be used.</summary>
    public bool TryOpen(WebRtc.Instant now, LinkId id, RingId peer, LinkDescription? remote, [NotNullWhen(true)] out PeerLink? link)
    {
        link = null;
        var isOfferer = remote is null;
        PeerDescription? description = null;
        if (remote is not null && !Descriptions.TryToStack(remote, isOffer: true, out description))
        {
            return false;
        }

        var options = new PeerOptions
        {
            Role = isOfferer ? PeerRole.Offerer : PeerRole.Answerer,
            MaxMessageSize = Message.MaxBytes,
            MaxBufferedBytes = MaxBufferedBytes,
            ConsentTimeout = OwnConsentTimeout,
        };
        var connection = new PeerConnection(options, certificate, secrets);
        foreach (var path in paths)
        {
            connection.AddLocalCandidate(path.Id, path.Local, PacketBytes);
        }

        var overlay = connection.CreateChannel(now, new() { Label = "overlay", Negotiated = true, StreamId = PeerLink.OverlayStream });
        var relay = connection.CreateChannel(
            now, new() { Label = "relay", Negotiated = true, StreamId = PeerLink.RelayStream, Ordered = false, MaxRetransmits = 0 });
        link = new PeerLink(id, peer, connection, overlay, relay);
        _links[id] = link;
        _byUfrag[connection.LocalUfrag] = link;
        if (description is not null)
        {
            connection.SetRemoteDescription(now, description);
        }

        MarkDirty(link);
        return true;
    }

    /// <summary>Hands the answer to the offerer's connection; false where it cannot be used.</summary>
    public bool TryAccept(WebRtc.Instant now, LinkId id, LinkDescription remote)
    {
        if (!_links.TryGetValue(id, out var link) || !Descriptions.TryToStack(remote, isOffer: false, out var description))
        {
            return false;
        }

        link.Connection.SetRemoteDescription(now, description);
        MarkDirty(link);
        return true;
    }

    /// <summary>Adds late candidates of the other side.</summary>
    public void AddCandidates(WebRtc.Instant now, LinkId id, IReadOnlyList<string> lines)
    {
        if (!_links.TryGetValue(id, out var link))
        {
            return;
        }

        foreach (var line in lines)
        {
            if (Candidate.TryParse(line, out var candidate))
            {
                link.Connection.AddRemoteCandidate(now, candidate);
            }
        }

        MarkDirty(link);
    }

    public bool TryGet(LinkId id, [NotNullWhen(true)] out PeerLink? link) => _links.TryGetValue(id, out link);

    /// <summary>Finds the connection that a datagram belongs to.</summary>
    public bool TryRoute(PathId path, TransportAddress from, ReadOnlySpan<byte> datagram, [NotNullWhen(true)] out PeerLink? link)
    {
        if (PeerDemux.KindOf(datagram) == DatagramKind.Stun
            && PeerDemux.TryGetLocalUfrag(datagram, out var ufrag)
            && _byUfrag.TryGetValue(ufrag, out link))
        {
            Remember(link, path, from);
            return true;
        }

        return _byRemote.TryGetValue((path, from), out link);
    }

    /// <summary>Remembers that <paramref name="link"/> speaks with an address, so that answers from there are its own.</summary>
    public void Remember(PeerLink link, PathId path, TransportAddress remote)
    {
        if (_byRemote.TryGetValue((path, remote), out var known) && known == link)
        {
            return;
        }

        _byRemote[(path, remote)] = link;
        link.Remotes.Add((path, remote));
    }

    /// <summary>Puts the link on the list of those to drain.</summary>
    public void MarkDirty(PeerLink link)
    {
        if (!link.IsDirty)
        {
            link.IsDirty = true;
            _dirty.Add(link);
        }
    }

    /// <summary>Takes the next link to drain.</summary>
    public bool TryTakeDirty([NotNullWhen(true)] out PeerLink? link)
    {
        while (_dirty.Count > 0)
        {
            link = _dirty[^1];
            _dirty.RemoveAt(_dirty.Count - 1);
            link.IsDirty = false;
            if (!link.IsClosed)
            {
                return true;
            }
        }

        link = null;
        return false;
    }

    /// <summary>Lets every connection whose time has come act; true where there was one.</summary>
    public bool AdvanceDue(WebRtc.Instant now)
    {
        var any = false;
        foreach (var link in _links.Values)
        {
            if (link.Connection.WakeAt <= now)
            {
                link.Connection.Advance(now);
                MarkDirty(link);
                any = true;
            }
        }

        return any;
    }

    /// <summary>Whether the other sides have acknowledged everything that was sent over open links.</summary>
    public bool AreFlushed()
    {
        foreach (var link in _links.Values)
        {
            if (link.IsReady && link.Connection.TakeUnacknowledged(link.Overlay).Count > 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The earliest deadline of all connections.</summary>
    public WebRtc.Instant NextDue()
    {
        var next = WebRtc.Instant.Never;
        foreach (var link in _links.Values)
        {
            next = WebRtc.Instant.Min(next, link.Connection.WakeAt);
        }

        return next;
    }

    /// <summary>Forgets a link. What its connection still has to send must have been drained.</summary>
    public void Remove(PeerLink link)
    {
        link.IsClosed = true;
        _links.Remove(link.Id);
        _byUfrag.Remove(link.Connection.LocalUfrag);
        foreach (var remote in link.Remotes)
        {
            if (_byRemote.TryGetValue(remote, out var owner) && owner == link)
            {
                _byRemote.Remove(remote);
            }
        }

        link.Connection.Dispose();
    }

    public void Dispose()
    {
        foreach (var link in _links.Values)
        {
            link.Connection.Dispose();
        }

        _links.Clear();
        _byUfrag.Clear();
        _byRemote.Clear();
        certificate.Dispose();
    }
}
