using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Names;

/// <summary>Who wants to be told of changes of the names that a node keeps. Not replicated: watchers ask again each refresh period, whoever keeps the name then.</summary>
/// <remarks>Bounded by <see cref="OverlayOptions.MaxNameWatches"/>; a watch lapses after three refresh periods. What changes is told at most once a second.</remarks>
internal sealed class NameWatches(OverlayOptions options)
{
    private static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<ulong, List<Watcher>> _watchers = [];
    private readonly Dictionary<ulong, string> _changed = [];
    private Instant _tellAt;

    /// <summary>Watches served.</summary>
    public int Count { get; private set; }

    public Instant NextDue => _changed.Count == 0 ? Instant.Never : _tellAt;

    /// <summary>Takes, renews or ends a watch.</summary>
    public Outcome Watch(Instant now, RingId watcher, ulong mark, bool isOn)
    {
        var lapsesAt = isOn ? now + (3 * options.NameRefreshPeriod) : now;
        if (_watchers.TryGetValue(mark, out var known) && known.FindIndex(one => one.Id == watcher) is >= 0 and var at)
        {
            known[at] = new(watcher, lapsesAt);
            return Outcome.Done;
        }

        if (!isOn)
        {
            return Outcome.Done;
        }

        if (Count >= options.MaxNameWatches)
        {
            return Outcome.Refused;
        }

        if (known is null)
        {
            _watchers.Add(mark, known = []);
        }

        known.Add(new(watcher, lapsesAt));
        Count++;
        return Outcome.Done;
    }

    /// <summary>A name has another holder, or none.</summary>
    public void Changed(ulong mark, string name)
    {
        if (_watchers.ContainsKey(mark))
        {
            _changed[mark] = name;
        }
    }

    /// <summary>Tells of what has changed, if it is time.</summary>
    public void Advance(Instant now, INodePort port)
    {
        if (_changed.Count == 0 || now < _tellAt)
        {
            return;
        }

        _tellAt = now + LeastPause;
        foreach (var (mark, name) in _changed)
        {
            foreach (var watcher in _watchers.GetValueOrDefault(mark) ?? [])
            {
                if (watcher.LapsesAt > now)
                {
                    port.Send(now, watcher.Id, new NameChanged(name));
                }
            }
        }

        _changed.Clear();
    }

    /// <summary>Drops what has lapsed.</summary>
    public void Sweep(Instant now)
    {
        foreach (var (mark, watchers) in _watchers)
        {
            Count -= watchers.RemoveAll(watcher => watcher.LapsesAt <= now);
            if (watchers.Count == 0)
            {
                _watchers.Remove(mark);
            }
        }
    }

    private readonly record struct Watcher(RingId Id, Instant LapsesAt);
}
