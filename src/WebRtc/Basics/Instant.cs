using System.Globalization;

namespace Overlay.WebRtc;

/// <summary>A moment on the host's monotonic clock: ticks of 100 ns since an origin only the host knows.</summary>
/// <remarks>
/// A moment is not a duration: the difference of two moments is a <see cref="TimeSpan"/>, and mixing the two does not compile.
/// <see cref="Never"/> lies after every other moment, and adding to it leaves it where it is, so "no deadline" needs no special case.
/// </remarks>
public readonly record struct Instant(long Ticks) : IComparable<Instant>
{
    /// <summary>The origin of the host's clock.</summary>
    public static Instant Zero => new(0);

    /// <summary>A moment that does not come: the answer to "when next?" of a machine with nothing to wait for.</summary>
    public static Instant Never => new(long.MaxValue);

    /// <summary>Whether this is <see cref="Never"/>.</summary>
    public bool IsNever => Ticks == long.MaxValue;

    public static Instant operator +(Instant moment, TimeSpan duration) => moment.Add(duration);

    public static Instant operator -(Instant moment, TimeSpan duration) => moment.Add(-duration);

    public static TimeSpan operator -(Instant later, Instant earlier) => later.Subtract(earlier);

    public static bool operator <(Instant left, Instant right) => left.Ticks < right.Ticks;

    public static bool operator >(Instant left, Instant right) => left.Ticks > right.Ticks;

    public static bool operator <=(Instant left, Instant right) => left.Ticks <= right.Ticks;

    public static bool operator >=(Instant left, Instant right) => left.Ticks >= right.Ticks;

    /// <summary>The earlier of two moments.</summary>
    public static Instant Min(Instant left, Instant right) => left.Ticks <= right.Ticks ? left : right;

    /// <summary>The later of two moments.</summary>
    public static Instant Max(Instant left, Instant right) => left.Ticks >= right.Ticks ? left : right;

    /// <summary>The moment <paramref name="duration"/> after this one; a sum past the end of time is <see cref="Never"/>.</summary>
    public Instant Add(TimeSpan duration)
    {
        if (IsNever)
        {
            return this;
        }

        var sum = unchecked(Ticks + duration.Ticks);
        var overflowed = ((Ticks ^ sum) & (duration.Ticks ^ sum)) < 0;
        return overflowed ? (duration.Ticks > 0 ? Never : new Instant(long.MinValue)) : new Instant(sum);
    }

    /// <summary>How long after <paramref name="earlier"/> this moment lies; saturates instead of overflowing.</summary>
    public TimeSpan Subtract(Instant earlier)
    {
        var difference = unchecked(Ticks - earlier.Ticks);
        var overflowed = ((Ticks ^ earlier.Ticks) & (Ticks ^ difference)) < 0;
        return overflowed ? (Ticks > 0 ? TimeSpan.MaxValue : TimeSpan.MinValue) : new TimeSpan(difference);
    }

    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);

    public override string ToString() =>
        IsNever ? "never" : string.Create(CultureInfo.InvariantCulture, $"{Ticks / (double)TimeSpan.TicksPerMillisecond:0.####} ms");
}
