using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Broadcast;

/// <summary>The broadcasts that came lately: each is delivered once, and passed on to each part once.</summary>
/// <remarks>
/// <para>A broadcast is remembered for <see cref="Keep"/> by this node's own clock. Clocks may differ by minutes, so that an old one may look good for longer than that: but an origin numbers
/// its broadcasts, and one that was remembered for all of <see cref="Keep"/>, which is more than any lives, makes all of the same origin up to its number old. So an origin leaves one number behind,
/// <see cref="IsOld">which tells</see>, for as long as anything of it may look good.</para>
/// <para>Bounded by <see cref="MaxEntries"/> and <see cref="MaxOrigins"/>: where it is full, new broadcasts are refused, rather than old ones forgotten and delivered twice.</para>
/// </remarks>
internal sealed class BroadcastMemory
{
    /// <summary>Entries at the most: a thousand broadcasts each second.</summary>
    public const int MaxEntries = 65_536;

    /// <summary>Origins at the most, each with 40 bytes.</summary>
    public const int MaxOrigins = 65_536;

    /// <summary>How long a broadcast is remembered.</summary>
    public static readonly TimeSpan Keep = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(10);

    private readonly Dictionary<BroadcastKey, Entry> _entries = [];
    private readonly Dictionary<RingId, Past> _pasts = [];
    private Instant _sweepAt = Instant.Never;

    /// <summary>Broadcasts that are remembered.</summary>
    public int Count => _entries.Count;

    /// <summary>Origins of which a number is.</summary>
    public int OriginCount => _pasts.Count;

    public Instant NextDue => _sweepAt;

    public bool TryFind(in BroadcastKey key, out Entry entry) => _entries.TryGetValue(key, out entry);

    /// <summary>Whether a broadcast that is not remembered was sent before one that has been forgotten, or by an earlier instance: it is late by more than its life, or a replay.</summary>
    public bool IsOld(in BroadcastKey key) =>
        _pasts.TryGetValue(key.Origin, out var past) && (key.Instance < past.Instance || (key.Instance == past.Instance && key.Number <= past.UpTo));

    /// <summary>Notes a new broadcast; false where there is no room.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="key">Which.</param>
    /// <param name="limit">How far it is passed on.</param>
    /// <param name="goodUntil">When it is too old by any clock.</param>
    public bool TryAdd(Instant now, in BroadcastKey key, RingId limit, Instant goodUntil)
    {
        var isKnown = _pasts.TryGetValue(key.Origin, out var past);
        if (_entries.Count >= MaxEntries || (!isKnown && _pasts.Count >= MaxOrigins))
        {
            return false;
        }

        _entries.Add(key, new(limit, now + Keep, 0));
        var until = LaterOf(goodUntil, now + Keep + SweepPeriod); // It outlives what it is the origin of.
        _pasts[key.Origin] = isKnown && past.Instance == key.Instance ? past with { Until = LaterOf(past.Until, until) } : new(key.Instance, 0, until);
        _sweepAt = Instant.Min(_sweepAt, now + SweepPeriod);
        return true;
    }

    /// <summary>The broadcast was passed on farther.</summary>
    public void Extend(in BroadcastKey key, RingId limit)
    {
        if (_entries.TryGetValue(key, out var entry))
        {
            _entries[key] = new(limit, entry.Until, (byte)(entry.Extensions + 1));
        }
    }

    public void Advance(Instant now)
    {
        if (now < _sweepAt)
        {
            return;
        }

        foreach (var (key, entry) in _entries)
        {
            if (entry.Until <= now)
            {
                _entries.Remove(key);
                if (_pasts.TryGetValue(key.Origin, out var past) && past.Instance == key.Instance)
                {
                    _pasts[key.Origin] = past with { UpTo = Math.Max(past.UpTo, key.Number) };
                }
            }
        }

        foreach (var (origin, past) in _pasts)
        {
            if (past.Until <= now)
            {
                _pasts.Remove(origin);
            }
        }

        _sweepAt = _entries.Count > 0 ? now + SweepPeriod : _pasts.Count > 0 ? now + Keep : Instant.Never;
    }

    private static Instant LaterOf(Instant one, Instant other) => one > other ? one : other;

    internal readonly record struct Entry(RingId Limit, Instant Until, byte Extensions);

    private readonly record struct Past(long Instance, ulong UpTo, Instant Until);
}
