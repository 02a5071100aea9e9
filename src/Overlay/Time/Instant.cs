using System.Runtime.CompilerServices;

namespace Overlay.Time;

/// <summary>A moment: monotonic time that orders everything, and the wall clock that certificates and expiries are judged by.</summary>
/// <remarks>
/// Comparisons use the monotonic part only. Made by hosts (from a <c>TimeProvider</c> or by the simulator); the cores never ask for the time.
/// </remarks>
public readonly struct Instant : IEquatable<Instant>, IComparable<Instant>
{
    /// <summary>Later than every moment that comes.</summary>
    public static readonly Instant Never = new(long.MaxValue, long.MaxValue);

    /// <param name="ticks">Monotonic time in units of 100 ns since an origin of the host's choice.</param>
    /// <param name="unixMilliseconds">The wall clock in milliseconds since 1970-01-01 UTC.</param>
    public Instant(long ticks, long unixMilliseconds) => (Ticks, UnixMilliseconds) = (ticks, unixMilliseconds);

    /// <summary>Monotonic time in units of 100 ns.</summary>
    public long Ticks { get; }

    /// <summary>Wall clock in milliseconds since 1970-01-01 UTC.</summary>
    public long UnixMilliseconds { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Instant operator +(Instant moment, TimeSpan duration) =>
        moment.Ticks == long.MaxValue ? Never : new(moment.Ticks + duration.Ticks, moment.UnixMilliseconds + (duration.Ticks / TimeSpan.TicksPerMillisecond));

    public static TimeSpan operator -(Instant later, Instant earlier) => new(later.Ticks - earlier.Ticks);

    public static bool operator <(Instant left, Instant right) => left.Ticks < right.Ticks;

    public static bool operator >(Instant left, Instant right) => left.Ticks > right.Ticks;

    public static bool operator <=(Instant left, Instant right) => left.Ticks <= right.Ticks;

    public static bool operator >=(Instant left, Instant right) => left.Ticks >= right.Ticks;

    public static bool operator ==(Instant left, Instant right) => left.Ticks == right.Ticks;

    public static bool operator !=(Instant left, Instant right) => left.Ticks != right.Ticks;

    /// <summary>The earlier of two moments.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Instant Min(Instant left, Instant right) => left <= right ? left : right;

    public Instant Add(TimeSpan duration) => this + duration;

    public TimeSpan Subtract(Instant earlier) => this - earlier;

    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);

    public bool Equals(Instant other) => Ticks == other.Ticks;

    public override bool Equals(object? obj) => obj is Instant other && Equals(other);

    public override int GetHashCode() => Ticks.GetHashCode();

    public override string ToString() =>
        this == Never ? "never" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Ticks / (double)TimeSpan.TicksPerSecond:F3} s");
}
