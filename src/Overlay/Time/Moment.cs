using System.Runtime.CompilerServices;

namespace Overlay.Time;

/// <summary>An <see cref="Instant"/> without its wall clock, half as large: how a machine remembers when something happened or is due.</summary>
/// <remarks>Becomes an instant again wherever one is compared; of the wall clock such an instant knows nothing (0).</remarks>
public readonly struct Moment
{
    /// <summary>Later than every moment that comes.</summary>
    public static readonly Moment Never = Instant.Never;

    private Moment(long ticks) => Ticks = ticks;

    /// <summary>Monotonic time in units of 100 ns, as in <see cref="Instant.Ticks"/>.</summary>
    public long Ticks { get; }

    public static implicit operator Moment(Instant instant) => new(instant.Ticks);

    public static implicit operator Instant(Moment moment) => moment.ToInstant();

    public static Instant operator +(Moment moment, TimeSpan duration) => moment.ToInstant() + duration;

    public static Instant Add(Moment moment, TimeSpan duration) => moment + duration;

    public static Moment ToMoment(Instant instant) => instant;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Instant ToInstant() => Ticks == long.MaxValue ? Instant.Never : new(Ticks, 0);

    public override string ToString() => ToInstant().ToString();
}
