using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Status.Picture;

/// <summary>The network as it was seen last, and what changed since it was last told of. One caller at a time.</summary>
/// <remarks>Members are bounded by <see cref="StatusOptions.MaxMembers"/>, links by what members may report, events by <see cref="MaxEvents"/>.</remarks>
internal sealed class NetworkPicture(StatusOptions options)
{
    /// <summary>Events that a new viewer is told of.</summary>
    public const int MaxEvents = 100;

    /// <summary>A member that did not answer in so many rounds is not there any more.</summary>
    private const int MissesOfTheDead = 2;

    /// <summary>Who is gone is remembered so long: what others' tables still say of it brings it not back, its own answer does.</summary>
    private const int MaxRemembered = 1024;

    private readonly SortedDictionary<ulong, PicturedMember> _members = [];
    private readonly Dictionary<LinkEnds, PicturedLink> _links = [];
    private readonly Queue<PictureEvent> _events = new();
    private readonly HashSet<RingId> _gone = [];
    private readonly HashSet<RingId> _announced = [];
    private readonly Dictionary<RingId, (PictureEventKind Kind, DateTimeOffset At)> _lost = [];
    private readonly PictureChanges _changes = new();
    private long _lastEvent;
    private int _tooMany;
    private bool _isComplete;

    /// <summary>Everybody in the picture, in the order of their ids.</summary>
    public IEnumerable<PicturedMember> Members => _members.Values;

    public int MemberCount => _members.Count;

    public IReadOnlyDictionary<LinkEnds, PicturedLink> Links => _links;

    /// <summary>The last events, the oldest first.</summary>
    public IReadOnlyCollection<PictureEvent> Events => _events;

    /// <summary>Whether a round has seen everybody that it could.</summary>
    public bool IsComplete => _isComplete;

    /// <summary>Whether the last round could not be begun: nobody can be asked just now.</summary>
    public bool IsCutOff { get; private set; }

    /// <summary>Members that did not fit in, in the last round.</summary>
    public int LeftOut { get; private set; }

    public PicturedMember? Find(RingId id) => _members.GetValueOrDefault(id.Value);

    /// <summary>What changed since this was called last; null: nothing.</summary>
    public PictureChanges? TakeChanges() => _changes.Take();

    /// <summary>What the members build, as far as their tables tell: on a tree nobody has fingers, and several have one parent; a ring has each predecessor once.</summary>
    public Topology Guess()
    {
        var above = new HashSet<RingId>();
        var isShared = false;
        foreach (var member in _members.Values)
        {
            if (member.Report.Fingers.Count > 0)
            {
                return Topology.Chord;
            }

            isShared |= member.Report.Above is { } id && !above.Add(id);
        }

        return isShared ? Topology.Tree : Topology.Chord;
    }

    /// <summary>A member answered.</summary>
    public void Answered(DateTimeOffset now, MemberReport report)
    {
        if (report.Phase is NodePhase.Left)
        {
            Remove(now, report.Id, PictureEventKind.Left);
            return;
        }

        foreach (var departure in report.Departures)
        {
            Lost(now, departure);
        }

        if (_members.TryGetValue(report.Id.Value, out var member))
        {
            var (before, wasSilent) = (member.Report, member.IsSilent);
            member.Hear(report, now);
            if (wasSilent || before.Phase != report.Phase || before.Above != report.Above || before.Name != report.Name)
            {
                _changes.Members.Add(report.Id);
            }

            Relink(report.Id, before.Links);
        }
        else if (_members.Count >= options.MaxMembers)
        {
            _tooMany++;
        }
        else
        {
            _members.Add(report.Id.Value, new(report, now));
            _changes.Members.Add(report.Id);
            _announced.Remove(report.Id);
            var wasGone = _gone.Remove(report.Id);
            if (_isComplete)
            {
                Tell(now, wasGone ? PictureEventKind.Returned : PictureEventKind.Joined, report.Id); // In the first round everybody is new, which is no news.
            }

            Relink(report.Id, []);
        }
    }

    /// <summary>A member did not answer in this round.</summary>
    public void Silent(DateTimeOffset now, RingId id)
    {
        if (!_members.TryGetValue(id.Value, out var member))
        {
            return;
        }

        member.Missed++;
        if (_lost.TryGetValue(id, out var lost) && lost.At > member.HeardAt)
        {
            Remove(now, id, lost.Kind);
        }
        else if (member.Missed >= MissesOfTheDead)
        {
            Remove(now, id, PictureEventKind.Died);
        }
        else
        {
            _changes.Members.Add(id);
        }
    }

    /// <summary>A member is gone.</summary>
    public void Remove(DateTimeOffset now, RingId id, PictureEventKind why)
    {
        if (!_members.Remove(id.Value, out var member))
        {
            return;
        }

        if (_gone.Count >= MaxRemembered)
        {
            _gone.Clear();
        }

        _gone.Add(id);
        _changes.Members.Add(id);
        Relink(id, member.Report.Links);
        foreach (var ends in _links.Keys.Where(ends => ends.Low == id || ends.High == id).ToList())
        {
            _links.Remove(ends);
            _changes.Links.Add(ends);
        }

        Tell(now, why, id);
    }

    /// <summary>Something that is only told of.</summary>
    public void Note(DateTimeOffset now, PictureEventKind what, RingId id)
    {
        if (_announced.Count >= MaxRemembered)
        {
            _announced.Clear();
        }

        if (what != PictureEventKind.Joining || (!_members.ContainsKey(id.Value) && _announced.Add(id))) // Who asks the hub again and again is told of once.
        {
            Tell(now, what, id);
        }
    }

    /// <summary>A round has asked everybody there is.</summary>
    public void RoundEnded()
    {
        _changes.Totals |= !_isComplete || IsCutOff || LeftOut != _tooMany;
        (_isComplete, IsCutOff, LeftOut, _tooMany) = (true, false, _tooMany, 0);
    }

    /// <summary>A round could ask nobody.</summary>
    public void RoundFailed()
    {
        _changes.Totals |= !IsCutOff;
        IsCutOff = true;
    }

    /// <summary>A neighbour tells how it lost somebody. Who said good-bye is gone; who was declared dead may be on the other side of a cut, and is gone when it does not answer here either.</summary>
    private void Lost(DateTimeOffset now, DepartureEntry departure)
    {
        var at = now - departure.Ago;
        if (departure.Kind == DepartureKind.LinkLost || (_lost.TryGetValue(departure.Id, out var known) && known.At >= at))
        {
            return;
        }

        if (_lost.Count >= MaxRemembered)
        {
            _lost.Clear();
        }

        var kind = departure.Kind == DepartureKind.Left ? PictureEventKind.Left : PictureEventKind.Died;
        _lost[departure.Id] = (kind, at);
        if (_members.TryGetValue(departure.Id.Value, out var member) && at > member.HeardAt && (kind == PictureEventKind.Left || member.IsSilent))
        {
            Remove(now, departure.Id, kind);
        }
    }

    private void Relink(RingId id, IReadOnlyList<LinkReport> before)
    {
        foreach (var link in before)
        {
            Redraw(LinkEnds.Of(id, link.Peer));
        }

        foreach (var link in Find(id)?.Report.Links ?? [])
        {
            Redraw(LinkEnds.Of(id, link.Peer));
        }
    }

    private void Redraw(LinkEnds ends)
    {
        var (low, high) = (Find(ends.Low), Find(ends.High));
        if (low is null || high is null || PicturedLink.Between(ends, low, high) is not { } link)
        {
            if (_links.Remove(ends))
            {
                _changes.Links.Add(ends);
            }
        }
        else if (!_links.TryGetValue(ends, out var drawn) || drawn != link)
        {
            _links[ends] = link;
            _changes.Links.Add(ends);
        }
    }

    private void Tell(DateTimeOffset now, PictureEventKind kind, RingId id)
    {
        if (_events.Count == MaxEvents)
        {
            _events.Dequeue();
        }

        var happened = new PictureEvent(++_lastEvent, now, kind, id);
        _events.Enqueue(happened);
        _changes.Add(happened);
    }
}
