using Overlay.Chord;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Names;

/// <summary>Names in the overlay: registers the node's own and refreshes them, resolves and watches others', and keeps those whose keys it answers for, or copies of them.</summary>
/// <remarks>
/// <para>Three parts that share one store: <see cref="NameClient"/> asks, <see cref="NameKeeper"/> answers, <see cref="NameCopies"/> keeps copies where they belong. Where
/// that is only <see cref="INamePlacement"/> knows.</para>
/// <para>The owner of this part routes the directory's messages to it, calls <see cref="Advance"/> when <see cref="NextDue"/> has come, and takes results and replies after
/// each call.</para>
/// <para>Bounds: <see cref="MaxOwnNames"/>, <see cref="MaxQuestions"/> and <see cref="MaxOwnWatches"/>, one more ends as <see cref="Outcome.Busy"/>;
/// <see cref="OverlayOptions.MaxRecords"/> and <see cref="OverlayOptions.MaxNameWatches"/>, one more is <see cref="Outcome.Refused"/>.</para>
/// </remarks>
public sealed class NameDirectory : IArcContents
{
    /// <summary>Names that a node may register.</summary>
    public const int MaxOwnNames = 256;

    /// <summary>Resolutions that may wait.</summary>
    public const int MaxQuestions = 1024;

    /// <summary>Names that a node may watch.</summary>
    public const int MaxOwnWatches = 256;

    private readonly OverlayOptions _options;
    private readonly INodePort _port;
    private readonly INamePlacement _placement;
    private readonly NameStore _store;
    private readonly NameClient _client;
    private readonly NameCopies _copies;
    private readonly NameKeeper _keeper;
    private Instant _sweepAt = Instant.Never;

    /// <param name="options">Periods, timeouts and bounds.</param>
    /// <param name="port">Where questions and records go.</param>
    /// <param name="placement">Where names lie.</param>
    /// <param name="signing">Signs the node's own records and judges others'.</param>
    /// <param name="certificates">Judges owners' and keepers' certificates.</param>
    /// <param name="prng">Draws the nonces.</param>
    public NameDirectory(OverlayOptions options, INodePort port, INamePlacement placement, ISigning signing, CertificateStore certificates, Prng prng)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(port);
        ArgumentNullException.ThrowIfNull(placement);
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(certificates);
        (_options, _port, _placement) = (options, port, placement);
        _store = new(options, signing, certificates);
        _client = new(options, port, signing, _store, prng.Split());
        _copies = new(options, port, placement, _store, prng.Split());
        _keeper = new(options, port, placement, signing, _store, _copies);
    }

    /// <summary>Names kept, copies for others included.</summary>
    public int RecordCount => _store.Count;

    /// <summary>Watches served.</summary>
    public int WatchCount => _keeper.WatchCount;

    /// <summary>Whether the name with this mark is kept here, live.</summary>
    public bool Keeps(Instant now, ulong mark) => _store.Find(mark)?.StateAt(now) == NameState.Live;

    /// <summary>When to call <see cref="Advance"/> next.</summary>
    public Instant NextDue => Instant.Min(Instant.Min(_client.NextDue, _keeper.NextDue), Instant.Min(_copies.NextDue, _sweepAt));

    /// <summary>Registers <paramref name="name"/> for this node and keeps it refreshed.</summary>
    public void Register(Instant now, RequestId request, string name) => _client.Register(now, request, name);

    /// <summary>Gives <paramref name="name"/> up.</summary>
    public void Unregister(Instant now, RequestId request, string name) => _client.Unregister(now, request, name);

    /// <summary>Asks who holds <paramref name="name"/>.</summary>
    public void Resolve(Instant now, RequestId request, string name) => _client.Resolve(now, request, name);

    /// <summary>Wants to hear of changes of <paramref name="name"/>.</summary>
    public void Watch(Instant now, RequestId request, string name) => _client.Watch(now, request, name);

    /// <summary>No longer wants to.</summary>
    public void Unwatch(Instant now, RequestId request, string name) => _client.Unwatch(now, request, name);

    /// <summary>Gives the node's names up, so that others may take them at once: part of leaving, before anything is handed over.</summary>
    public void Release(Instant now)
    {
        foreach (var record in _client.Release())
        {
            if (_placement.Owns(NodeName.KeyOf(record.Name)))
            {
                _keeper.Put(now, record, out _); // What is handed over in this very step must know it.
            }
            else
            {
                _port.SendToResponsible(now, NodeName.KeyOf(record.Name), new PutRecord(1, record));
            }
        }
    }

    /// <summary>Somebody asks something of a name that this node answers for: a <see cref="PutRecord"/>, <see cref="GetRecord"/> or <see cref="WatchName"/>.</summary>
    public void OnQuestion(Instant now, in NameAsker asker, Payload question)
    {
        switch (question)
        {
            case PutRecord put:
                _keeper.OnPut(now, asker, put);
                break;
            case GetRecord get:
                _keeper.OnGet(now, asker, get);
                break;
            case WatchName watch:
                _keeper.OnWatch(now, asker, watch);
                break;
        }

        KeepSwept(now);
    }

    /// <summary>Copies came.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="asker">Who sent them.</param>
    /// <param name="replicate">The copies.</param>
    /// <param name="isOffer">They were sent to whoever is responsible.</param>
    public void OnReplicate(Instant now, in NameAsker asker, Replicate replicate, bool isOffer)
    {
        ArgumentNullException.ThrowIfNull(replicate);
        _keeper.OnReplicate(now, asker, replicate, isOffer);
        KeepSwept(now);
    }

    /// <summary>An answer to this node, or a word between a keeper and its replica. What was not asked for changes nothing.</summary>
    public void OnAnswer(Instant now, RingId from, Payload answer)
    {
        switch (answer)
        {
            case RecordStored stored:
                _client.OnRecordStored(now, stored);
                break;
            case RecordAnswer record:
                _client.OnRecord(now, record);
                break;
            case Watching watching:
                _client.OnWatching(now, watching);
                break;
            case NameChanged changed:
                _client.OnNameChanged(now, changed.Name);
                break;
            case Replicated replicated:
                _keeper.OnReplicated(now, from, replicated);
                _copies.OnOfferTaken(replicated);
                break;
            case NameDigest digest:
                _copies.OnDigest(now, from, digest);
                break;
            case GetNameList question:
                _copies.OnGetNameList(now, from, question);
                break;
            case NameList list:
                _copies.OnNameList(now, from, list);
                break;
            case GetRecords question:
                _copies.OnGetRecords(now, from, question);
                break;
        }
    }

    /// <summary>What this node answers for, or who keeps copies for it, may have changed.</summary>
    public void PlacementChanged(Instant now) => _copies.PlacementChanged(now);

    /// <summary>Neighbours may have died, and with them whoever this node keeps copies for.</summary>
    public void Doubt(Instant now) => _copies.Doubt(now);

    /// <summary><paramref name="peer"/> is dead, or has left; perhaps this node keeps copies for it.</summary>
    public void PeerGone(Instant now, RingId peer) => _copies.KeeperGone(now, peer);

    /// <summary>Time passed: refreshes own names, asks again, gives up, compares copies, and forgets what nobody has a right to.</summary>
    public void Advance(Instant now)
    {
        _client.Advance(now);
        _keeper.Advance(now);
        _copies.Advance(now);
        if (_sweepAt <= now)
        {
            _sweepAt = Instant.Never;
            _keeper.Sweep(now);
            KeepSwept(now);
        }
    }

    /// <summary>Takes the next result, in the order they came about.</summary>
    public bool TryTakeResult(out NameResult result) => _client.TryTakeResult(out result);

    /// <summary>Takes the next answer to somebody who asked this node.</summary>
    public bool TryTakeReply(Instant now, out NameReply reply)
    {
        while (_keeper.TryTakeHint(out var name))
        {
            _client.OnNameChanged(now, name);
        }

        return _keeper.TryTakeReply(out reply);
    }

    public RingId CopyUpper(in RingArc arc, int max, ICollection<NameEntry> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(max);
        return _store.CopyUpper(arc, max, into);
    }

    public void Adopt(Instant now, IReadOnlyList<NameEntry> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        for (var i = 0; i < records.Count; i++)
        {
            _keeper.Take(now, records[i], holder: null); // What is not true or not newer stays out.
        }

        KeepSwept(now);
    }

    /// <summary>The records have their new keeper. They stay as copies until it says otherwise, or nothing.</summary>
    public void Forget(in RingArc arc)
    {
        // What left this node's arc was noted when the arc changed: see NameCopies.PlacementChanged.
    }

    private void KeepSwept(Instant now)
    {
        if (_sweepAt == Instant.Never && (_store.Count > 0 || _keeper.WatchCount > 0))
        {
            _sweepAt = now + _options.NameRefreshPeriod;
        }
    }
}
