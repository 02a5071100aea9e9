using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Peers;

/// <summary>A mesh of peers over the overlay: each node has a few, chosen at random or named, and a stream each way with every one of them.</summary>
/// <remarks>
/// <code>
/// a (too few) → PeerRequest → seed | random member → PeerRequest → … → p     p has room and wants to (with enough peers a coin decides): keeps a place
/// p → PeerOffer → a → PeerAnswer → p                                         a has room: both are peers
/// </code>
/// <para>Places that are offered count, so nobody ever has more peers than <see cref="PeersOptions.MaxPeers"/>. Peers are bonds over routed messages: they cost no links. A request is passed on
/// at most <see cref="PeerRequest.MaxSteps"/> times, by one at a time; only who gets it from the requester itself passes it to all of its peers. Where it ends with somebody full, that one makes
/// room: a peer whose stream nobody has used goes, and is told of the requester, so that nobody stays poor while all others are full.</para>
/// </remarks>
public sealed partial class PeerMesh
{
    private const int MaxQuests = 64;
    private const int MaxUnanswered = 2;
    private static readonly TimeSpan PlaceLife = TimeSpan.FromSeconds(10);

    private readonly PeersOptions _options;
    private readonly IPeerPort _port;
    private readonly SortedList<ulong, PeerBond> _bonds = []; // By id: the order is the same on every machine.
    private readonly List<PeerPlace> _places = [];
    private readonly List<PeerQuest> _quests = [];
    private readonly List<PeerSeed> _seeds = [];
    private readonly Queue<MeshEvent> _events = new();
    private readonly Queue<PeerResult> _results = new();
    private Prng _prng;
    private Instant _roundAt;
    private bool _isSplit;

    /// <param name="now">The first round is at once.</param>
    /// <param name="options">How many peers, and whom to ask.</param>
    /// <param name="port">The node.</param>
    /// <param name="prng">The coin.</param>
    public PeerMesh(Instant now, PeersOptions options, IPeerPort port, Prng prng)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(port);
        (_options, _port, _prng, _roundAt) = (options, port, prng, now);
        foreach (var seed in options.Seeds)
        {
            _seeds.Add(new PeerSeed(seed));
        }
    }

    /// <summary>Peers.</summary>
    public int Count => _bonds.Count;

    /// <summary>Whether there is no room for another peer.</summary>
    public bool IsFull => _bonds.Count + PlacesKept >= _options.MaxPeers;

    private int PlacesKept
    {
        get
        {
            var count = 0;
            foreach (var place in _places)
            {
                count += place.MakesRoom ? 0 : 1;
            }

            return count;
        }
    }

    /// <summary>When to call <see cref="Advance"/> next.</summary>
    public Instant NextDue
    {
        get
        {
            var due = _roundAt;
            foreach (var bond in _bonds.Values)
            {
                due = Instant.Min(due, bond.NextDue);
            }

            foreach (var place in _places)
            {
                due = Instant.Min(due, place.Until);
            }

            foreach (var quest in _quests)
            {
                due = Instant.Min(due, quest.Until);
            }

            foreach (var seed in _seeds)
            {
                due = Instant.Min(due, seed.AnswerBy);
            }

            return due;
        }
    }

    /// <summary>The peers, in the order of their ids.</summary>
    public void CopyPeers(ICollection<RingId> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        foreach (var bond in _bonds.Values)
        {
            into.Add(bond.Peer.Id);
        }
    }

    /// <summary>Takes the next thing that happened.</summary>
    public bool TryTakeEvent(out MeshEvent happened) => _events.TryDequeue(out happened!);

    /// <summary>Takes the next command that ended.</summary>
    public bool TryTakeResult(out PeerResult result) => _results.TryDequeue(out result);

    /// <summary>Asks <paramref name="peer"/>, and nobody else. Ends as <see cref="Outcome.Done"/>, <see cref="Outcome.Refused"/> (one of both is full, or it wants no peers) or <see cref="Outcome.TimedOut"/>.</summary>
    public void Add(Instant now, RequestId request, RingId peer)
    {
        if (_bonds.ContainsKey(peer.Value))
        {
            _results.Enqueue(new(request, Outcome.Done));
        }
        else if (peer == _port.SelfId || IsFull || _quests.Count >= MaxQuests)
        {
            _results.Enqueue(new(request, Outcome.Refused));
        }
        else
        {
            Ask(now, peer, peer, request);
        }
    }

    /// <summary>Ends the bond with a peer.</summary>
    public void Remove(Instant now, RingId peer)
    {
        if (_bonds.TryGetValue(peer.Value, out var bond))
        {
            _port.Send(now, peer, new PeerClose(bond.Nonce, PeerEnd.Closed));
            End(bond, PeerEnd.Closed);
        }
    }

    /// <summary>Says good-bye to all peers.</summary>
    public void Stop(Instant now)
    {
        while (_bonds.Count > 0)
        {
            var bond = _bonds.GetValueAtIndex(_bonds.Count - 1);
            _port.Send(now, bond.Peer.Id, new PeerClose(bond.Nonce, PeerEnd.Stopped));
            End(bond, PeerEnd.Stopped);
        }

        foreach (var quest in _quests)
        {
            EndCommand(quest, Outcome.Cancelled);
        }

        _quests.Clear();
    }

    /// <summary>Writes into the stream to a peer. Ends as <see cref="Outcome.Done"/> when all of it is on its way, or as <see cref="Outcome.Unreachable"/> where there is no such peer or its stream was ended.</summary>
    public void Write(Instant now, RequestId request, RingId peer, ReadOnlyMemory<byte> bytes, bool isLast)
    {
        if (!_bonds.TryGetValue(peer.Value, out var bond) || !bond.Sender.TryWrite(now, request, bytes, isLast))
        {
            _results.Enqueue(new(request, Outcome.Unreachable));
            return;
        }

        Pump(now, bond);
    }

    /// <summary>The application has read from the stream of a peer: there is room for more.</summary>
    public void Read(Instant now, RingId peer, int count)
    {
        if (_bonds.TryGetValue(peer.Value, out var bond) && bond.Receiver.Read(count))
        {
            _port.Send(now, peer, bond.Receiver.Acknowledge(bond.Nonce));
        }
    }

    /// <summary>A message of the mesh came.</summary>
    public void Receive(Instant now, in Contact from, Payload payload)
    {
        if (_bonds.TryGetValue(from.Id.Value, out var bond))
        {
            if (from.Instance > bond.Peer.Instance)
            {
                End(bond, PeerEnd.Unknown); // It died and came back.
            }
            else
            {
                (bond.HeardAt, bond.Unanswered, bond.PingAt) = (now, 0, now + _options.PingPeriod);
            }
        }

        switch (payload)
        {
            case PeerRequest request:
                OnRequest(now, from, request);
                break;
            case PeerOffer offer:
                OnOffer(now, from, offer);
                break;
            case PeerAnswer answer:
                OnAnswer(now, from, answer);
                break;
            case PeerPing ping:
                OnPing(now, from, ping);
                break;
            case PeerPong pong:
                OnPong(now, from, pong);
                break;
            case PeerClose close:
                OnClose(now, from, close);
                break;
            case PeerBytes bytes:
                OnBytes(now, from, bytes);
                break;
            case PeerReceived received:
                OnReceived(now, from, received);
                break;
        }
    }

    /// <summary>Time passed: rounds, questions, pieces that nobody acknowledged, and places that nobody took.</summary>
    public void Advance(Instant now)
    {
        _places.RemoveAll(place => place.Until <= now);
        for (var i = _quests.Count - 1; i >= 0; i--)
        {
            if (_quests[i].Until <= now)
            {
                EndCommand(_quests[i], Outcome.TimedOut);
                _quests.RemoveAt(i);
            }
        }

        for (var i = _bonds.Count - 1; i >= 0; i--)
        {
            AdvanceBond(now, _bonds.GetValueAtIndex(i));
        }

        foreach (var seed in _seeds)
        {
            if (seed.AnswerBy <= now)
            {
                (seed.AnswerBy, seed.IsLost) = (Instant.Never, true);
                JudgeSplit(now);
            }
        }

        if (_roundAt <= now)
        {
            _roundAt = now + _options.RoundPeriod;
            Round(now);
        }
    }

    private static void Collect(SortedList<ulong, PeerBond> bonds, RingId except, RingId also, List<PeerBond> into)
    {
        foreach (var bond in bonds.Values)
        {
            if (bond.Peer.Id != except && bond.Peer.Id != also)
            {
                into.Add(bond);
            }
        }
    }

    private void AdvanceBond(Instant now, PeerBond bond)
    {
        if (bond.PingAt <= now)
        {
            if (bond.Unanswered >= MaxUnanswered)
            {
                End(bond, PeerEnd.Silent);
                return;
            }

            bond.Unanswered++;
            bond.PingAt = now + _options.PingTimeout;
            _port.Send(now, bond.Peer.Id, new PeerPing(bond.Nonce, _port.NextNonce()));
        }

        if (bond.Sender.IsStuck(now))
        {
            _port.Send(now, bond.Peer.Id, new PeerClose(bond.Nonce, PeerEnd.Unknown));
            End(bond, PeerEnd.Stuck);
        }
        else if (bond.Sender.NextDue <= now)
        {
            if (bond.Sender.Advance(now, bond.Nonce) is { } again)
            {
                _port.SendBytes(now, bond.Peer, again);
            }

            Pump(now, bond);
        }
    }

    /// <summary>Looks for peers where there are too few, and asks the seeds.</summary>
    private void Round(Instant now)
    {
        foreach (var seed in _seeds)
        {
            if (seed.Id == _port.SelfId || (_bonds.TryGetValue(seed.Id.Value, out var bond) && now - bond.HeardAt < _options.RoundPeriod))
            {
                continue; // Heard a moment ago.
            }

            (seed.Nonce, seed.AnswerBy) = (_port.NextNonce(), now + _options.PingTimeout);
            _port.Send(now, seed.Id, new PeerPing(0, seed.Nonce));
        }

        if (_bonds.Count >= _options.MinPeers || IsFull)
        {
            return;
        }

        Enter(now);
        if (_bonds.Count > 0)
        {
            Ask(now, _bonds.GetValueAtIndex(_prng.Next(_bonds.Count)).Peer.Id, only: null, default);
        }
    }

    /// <summary>Asks the seeds for peers, or members at random where there are no seeds.</summary>
    private void Enter(Instant now)
    {
        foreach (var seed in _seeds)
        {
            if (seed.Id != _port.SelfId && (_bonds.Count == 0 || seed.IsLost || _seeds.Count == 1 || _prng.Chance(1, _seeds.Count)))
            {
                Ask(now, seed.Id, only: null, default);
            }
        }

        for (var i = _bonds.Count; _seeds.Count == 0 && i < _options.MinPeers; i++)
        {
            Ask(now, to: null, only: null, default);
        }
    }

    private void Ask(Instant now, RingId? to, RingId? only, RequestId command)
    {
        if (_quests.Count >= MaxQuests)
        {
            return; // Those that are out already will do.
        }

        var request = new PeerRequest(_port.NextNonce(), _port.SelfId, PeerRequest.MaxSteps, only is not null);
        _quests.Add(new(request.Nonce, now + PlaceLife, only, command));
        if (to is { } somebody)
        {
            _port.Send(now, somebody, request);
        }
        else
        {
            _port.SendToResponsible(now, RingId.From(_prng.Next() & (RingId.RingSize - 1)), request);
        }
    }

    private void JudgeSplit(Instant now)
    {
        var isSplit = _seeds.Exists(static seed => seed.IsLost);
        if (isSplit == _isSplit)
        {
            return;
        }

        _isSplit = isSplit;
        _events.Enqueue(new(isSplit ? MeshEventKind.Netsplit : MeshEventKind.NetsplitResolved));
        if (isSplit)
        {
            Enter(now);
        }
    }

    private void Bond(Instant now, in Contact peer, ulong nonce)
    {
        var bond = new PeerBond(peer, nonce, now + _options.PingPeriod) { HeardAt = now };
        _bonds.Add(peer.Id.Value, bond);
        _events.Enqueue(new(MeshEventKind.Added, peer.Id));
        if (_bonds.Count == 1)
        {
            _events.Enqueue(new(MeshEventKind.Connected));
        }
    }

    private void End(PeerBond bond, PeerEnd why)
    {
        if (!_bonds.Remove(bond.Peer.Id.Value))
        {
            return;
        }

        TakeDone(bond);
        while (bond.Sender.TryTakeWaiting(out var request))
        {
            _results.Enqueue(new(request, Outcome.Unreachable));
        }

        _events.Enqueue(new(MeshEventKind.Removed, bond.Peer.Id, why));
        if (_bonds.Count == 0)
        {
            _events.Enqueue(new(MeshEventKind.Disconnected));
            _roundAt = Instant.Min(_roundAt, bond.HeardAt + _options.RoundPeriod); // Not a whole round alone.
        }
    }

    private void EndCommand(in PeerQuest quest, Outcome outcome)
    {
        if (quest.Command != default)
        {
            _results.Enqueue(new(quest.Command, outcome));
        }
    }

    private void Pump(Instant now, PeerBond bond)
    {
        while (bond.Sender.TryTakePiece(now, bond.Nonce, out var piece))
        {
            _port.SendBytes(now, bond.Peer, piece);
        }

        TakeDone(bond);
    }

    private void TakeDone(PeerBond bond)
    {
        while (bond.Sender.TryTakeDone(out var request))
        {
            _results.Enqueue(new(request, Outcome.Done));
        }
    }
}
