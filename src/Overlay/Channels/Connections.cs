using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Channels;

/// <summary>The signalling of the connections that carry the application's channels: at most one with each other member, wanted by either side.</summary>
/// <remarks>
/// <para>offerer: describe → ConnectionOffer, again after 1 s and 3 s → ConnectionAnswer → up;  answerer: ConnectionOffer → describe → ConnectionAnswer → up. Where both
/// offer, the lower id's stands. A connection that is up is the host's: here only its name is kept, so that candidates, restarts of ICE and a peer that
/// begins anew find it.</para>
/// <para>No proof follows over the connection: offer and answer are signed by the ids' keys, and carry the fingerprints that DTLS insists on.</para>
/// </remarks>
public sealed class Connections(IConnectionPort port, int maxConnections)
{
    /// <summary>How long an offer waits for its answer.</summary>
    public static readonly TimeSpan SignalTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Offers and restarts of one peer in a minute.</summary>
    private const int MaxOffersPerMinute = 30;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);

    private readonly Dictionary<ulong, Entry> _entries = [];
    private readonly Dictionary<RingId, Entry> _byPeer = [];
    private readonly Queue<ConnectionEvent> _events = new();
    private readonly Queue<UInt128> _ended = new();
    private readonly HashSet<UInt128> _endedSet = [];
    private readonly Dictionary<RingId, (Instant Since, int Count)> _offers = [];

    private enum Stage : byte
    {
        Describing,
        Offered,
        Answering,
        Up,
    }

    /// <summary>Connections, those in the making included.</summary>
    public int Count => _entries.Count;

    /// <summary>When <see cref="Advance"/> has something to do.</summary>
    public Instant NextDue { get; private set; } = Instant.Never;

    /// <summary>What happened, in order.</summary>
    public bool TryTakeEvent(out ConnectionEvent happened) => _events.TryDequeue(out happened!);

    /// <summary>Wants a connection with <paramref name="peer"/>; there may be one already. False where there are as many as may be.</summary>
    public bool Open(Instant now, RingId peer)
    {
        if (_byPeer.ContainsKey(peer))
        {
            return true;
        }

        if (_entries.Count >= maxConnections)
        {
            return false;
        }

        var entry = Add(port.NextConnectionNonce(), peer, isOfferer: true);
        entry.Due = now + SignalTimeout;
        _events.Enqueue(new(ConnectionEventKind.Begin, entry.Number, peer));
        Schedule();
        return true;
    }

    /// <summary>The host has described its end: the offer or the answer goes out.</summary>
    public void Described(Instant now, ulong connection, LinkDescription local)
    {
        if (!_entries.TryGetValue(connection, out var entry))
        {
            return;
        }

        var certificate = port.Self.Certificate;
        if (entry.Stage == Stage.Describing)
        {
            entry.Last = new ConnectionOffer(entry.Nonce, entry.Generation, local, certificate);
            entry.Stage = Stage.Offered;
            (entry.Tries, entry.RetryAfter) = (0, FirstRetry);
            Offer(now, entry);
        }
        else if (entry.Stage == Stage.Answering)
        {
            entry.Last = new ConnectionAnswer(entry.Nonce, entry.Generation, local, certificate);
            entry.Stage = Stage.Up;
            port.SendSigned(now, entry.Peer, entry.Last);
        }

        Schedule();
    }

    /// <summary>ICE begins anew on a connection that is up; the host has restarted its end and describes it. False where the other side restarts it, or it is not up.</summary>
    public bool Restart(Instant now, ulong connection, LinkDescription local)
    {
        if (!_entries.TryGetValue(connection, out var entry) || entry.Stage != Stage.Up || entry.Generation == byte.MaxValue)
        {
            return false;
        }

        entry.Generation++;
        entry.Stage = Stage.Describing;
        entry.IsRestart = true;
        entry.Due = now + SignalTimeout;
        Described(now, connection, local);
        return true;
    }

    /// <summary>Candidates that the host found late.</summary>
    public void LateCandidates(Instant now, ulong connection, IReadOnlyList<string> lines)
    {
        if (_entries.TryGetValue(connection, out var entry))
        {
            port.SendSigned(now, entry.Peer, new ConnectionCandidates(entry.Nonce, lines));
        }
    }

    /// <summary>The host's connection has ended: nothing more of it matters.</summary>
    public void Ended(ulong connection)
    {
        if (_entries.TryGetValue(connection, out var entry))
        {
            Remove(entry);
            Schedule();
        }
    }

    /// <summary>A message of another member; authentic, from <paramref name="from"/>.</summary>
    public void Receive(Instant now, in Contact from, Payload payload)
    {
        switch (payload)
        {
            case ConnectionOffer offer:
                OnOffer(now, from, offer);
                break;
            case ConnectionAnswer answer when TryGet(answer.Nonce, from.Id, out var entry):
                OnAnswer(now, entry, answer);
                break;
            case ConnectionCandidates candidates when TryGet(candidates.Nonce, from.Id, out var entry) && TryTakeLines(entry, candidates.Lines.Count):
                _events.Enqueue(new(ConnectionEventKind.Candidates, entry.Number, entry.Peer, Lines: candidates.Lines));
                break;
            case ConnectionRefuse refuse when TryGet(refuse.Nonce, from.Id, out var entry) && entry.Stage == Stage.Offered:
                GiveUp(entry, refuse.Reason == LinkFailure.None ? LinkFailure.Refused : refuse.Reason);
                break;
        }

        Schedule();
    }

    /// <summary>A message of this node did not arrive. True where it was an offer.</summary>
    public bool SignalUnreachable(Instant now, ulong messageId)
    {
        foreach (var entry in _entries.Values)
        {
            if (entry.Stage != Stage.Offered || entry.MessageId != messageId)
            {
                continue;
            }

            if (entry.Tries < 2)
            {
                entry.RetryAt = Instant.Min(entry.RetryAt, now + FirstRetry / 2); // A hop may have died under it.
            }
            else
            {
                GiveUp(entry, LinkFailure.Unreachable);
            }

            Schedule();
            return true;
        }

        return false;
    }

    /// <summary>Time passed: offers once more, and those that nobody answered.</summary>
    public void Advance(Instant now)
    {
        foreach (var entry in new List<Entry>(_entries.Values))
        {
            if (entry.Stage == Stage.Up)
            {
                continue;
            }

            if (entry.Due <= now)
            {
                GiveUp(entry, LinkFailure.PhaseTimeout);
            }
            else if (entry.Stage == Stage.Offered && entry.RetryAt <= now)
            {
                Offer(now, entry);
            }
        }

        Schedule();
    }

    /// <summary>The node is leaving: all connections end.</summary>
    public void EndAll(LinkFailure why)
    {
        foreach (var entry in new List<Entry>(_entries.Values))
        {
            End(entry, why);
        }

        Schedule();
    }

    private static bool IsWellFormed(LinkDescription description) =>
        description.Ufrag.Length >= 4 && description.Password.Length >= 22; // RFC 8839 §5.4.

    private static bool TryTakeLines(Entry entry, int count)
    {
        entry.LinesTaken += count;
        return entry.LinesTaken <= LinkDescription.MaxCandidates;
    }

    private void OnOffer(Instant now, in Contact from, ConnectionOffer offer)
    {
        if (from.Id == port.Self.Id || !IsWellFormed(offer.Description) || _endedSet.Contains(offer.Nonce))
        {
            return;
        }

        if (_byPeer.TryGetValue(from.Id, out var known))
        {
            if (known.Nonce == offer.Nonce)
            {
                OnOfferAgain(now, from, known, offer);
                return;
            }

            if (IsGlare(now, known, offer.Nonce) && port.Self.Id.Value < from.Id.Value)
            {
                return; // Both offers are out: the lower id's stands.
            }
        }

        if (!TryTakeOffer(now, from.Id) || offer.Generation != 0 || (known is null && _entries.Count >= maxConnections))
        {
            port.SendSigned(now, from.Id, new ConnectionRefuse(offer.Nonce, LinkFailure.Full));
            return;
        }

        if (known is not null)
        {
            End(known, known.Stage == Stage.Up ? LinkFailure.Superseded : LinkFailure.Duplicate);
        }

        var entry = Add(offer.Nonce, from.Id, isOfferer: false);
        entry.Stage = Stage.Answering;
        entry.Due = now + SignalTimeout;
        _events.Enqueue(new(ConnectionEventKind.Begin, entry.Number, entry.Peer, offer.Description));
    }

    /// <summary>
    /// Whether <paramref name="offer"/> has crossed our own. It may come even after the answer to ours, having taken longer ways: then it was withdrawn when ours was
    /// answered, and taking it would end a connection that is in use. If it was not withdrawn, it comes again.
    /// </summary>
    private static bool IsGlare(Instant now, Entry known, UInt128 offer)
    {
        if (known is { IsOfferer: true, Stage: Stage.Describing or Stage.Offered, IsRestart: false })
        {
            return true;
        }

        var mayBeWithdrawn = known is { IsOfferer: true, Stage: Stage.Up, IsRestart: false } && now - known.AnsweredAt < SignalTimeout && known.Crossed != offer;
        known.Crossed = offer;
        return mayBeWithdrawn;
    }

    /// <summary>The same offer once more, because the answer was lost; or the next generation of it: ICE begins anew.</summary>
    private void OnOfferAgain(Instant now, in Contact from, Entry entry, ConnectionOffer offer)
    {
        if (offer.Generation == entry.Generation && entry is { Stage: Stage.Up, Last: ConnectionAnswer answer })
        {
            if (TryTakeOffer(now, from.Id))
            {
                port.SendSigned(now, entry.Peer, answer);
            }
        }
        else if (offer.Generation == entry.Generation + 1 && entry.Stage == Stage.Up && TryTakeOffer(now, from.Id))
        {
            entry.Generation = offer.Generation;
            entry.Stage = Stage.Answering;
            entry.IsRestart = true;
            entry.LinesTaken = 0;
            entry.Due = now + SignalTimeout;
            _events.Enqueue(new(ConnectionEventKind.Restarted, entry.Number, entry.Peer, offer.Description));
        }
    }

    private void OnAnswer(Instant now, Entry entry, ConnectionAnswer answer)
    {
        if (entry.Stage != Stage.Offered || answer.Generation != entry.Generation || !IsWellFormed(answer.Description))
        {
            return;
        }

        entry.Stage = Stage.Up;
        entry.Last = null;
        entry.AnsweredAt = now;
        _events.Enqueue(new(ConnectionEventKind.Answered, entry.Number, entry.Peer, answer.Description));
    }

    private void Offer(Instant now, Entry entry)
    {
        entry.Tries++;
        entry.MessageId = port.SendSigned(now, entry.Peer, entry.Last!);
        entry.RetryAt = now + entry.RetryAfter;
        entry.RetryAfter *= 2;
    }

    /// <summary>Nobody answered. A connection that only wanted to restart ICE stays as it was.</summary>
    private void GiveUp(Entry entry, LinkFailure why)
    {
        if (entry.IsRestart && why != LinkFailure.Refused)
        {
            (entry.Stage, entry.Last) = (Stage.Up, null);
        }
        else
        {
            End(entry, why);
        }
    }

    private void End(Entry entry, LinkFailure why)
    {
        Remove(entry);
        _events.Enqueue(new(ConnectionEventKind.Ended, entry.Number, entry.Peer, Why: why));
    }

    private Entry Add(UInt128 nonce, RingId peer, bool isOfferer)
    {
        var entry = new Entry(nonce, peer, isOfferer);
        _entries[entry.Number] = entry;
        _byPeer[peer] = entry;
        return entry;
    }

    /// <summary>An offer of it that comes late, or is played again, is not taken for a new one.</summary>
    private void Remove(Entry entry)
    {
        _entries.Remove(entry.Number);
        if (_byPeer.TryGetValue(entry.Peer, out var current) && current == entry)
        {
            _byPeer.Remove(entry.Peer);
        }

        _endedSet.Add(entry.Nonce);
        _ended.Enqueue(entry.Nonce);
        if (_ended.Count > 2 * maxConnections)
        {
            _endedSet.Remove(_ended.Dequeue());
        }
    }

    private bool TryGet(UInt128 nonce, RingId peer, out Entry entry) =>
        _entries.TryGetValue((ulong)nonce, out entry!) && entry.Nonce == nonce && entry.Peer == peer;

    private bool TryTakeOffer(Instant now, RingId peer)
    {
        var (since, count) = _offers.TryGetValue(peer, out var seen) && now - seen.Since < TimeSpan.FromMinutes(1) ? seen : (now, 0);
        if (count >= MaxOffersPerMinute)
        {
            return false;
        }

        if (_offers.Count > maxConnections)
        {
            _offers.Clear(); // Forgetting lets somebody offer more often; remembering everybody would not end.
        }

        _offers[peer] = (since, count + 1);
        return true;
    }

    private void Schedule()
    {
        var due = Instant.Never;
        foreach (var entry in _entries.Values)
        {
            if (entry.Stage != Stage.Up)
            {
                due = Instant.Min(due, entry.Stage == Stage.Offered ? Instant.Min(entry.Due, entry.RetryAt) : entry.Due);
            }
        }

        NextDue = due;
    }

    private sealed class Entry(UInt128 nonce, RingId peer, bool isOfferer)
    {
        public UInt128 Nonce { get; } = nonce;

        public ulong Number { get; } = (ulong)nonce;

        public RingId Peer { get; } = peer;

        public bool IsOfferer { get; } = isOfferer;

        public Stage Stage { get; set; }

        public byte Generation { get; set; }

        public bool IsRestart { get; set; }

        public Payload? Last { get; set; }

        public Instant AnsweredAt { get; set; }

        /// <summary>The last offer of the other side that was taken for one that had crossed ours.</summary>
        public UInt128 Crossed { get; set; }

        public int LinesTaken { get; set; }

        public int Tries { get; set; }

        public ulong MessageId { get; set; }

        public Instant Due { get; set; } = Instant.Never;

        public Instant RetryAt { get; set; } = Instant.Never;

        public TimeSpan RetryAfter { get; set; }
    }
}
