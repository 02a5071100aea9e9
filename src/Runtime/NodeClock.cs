using Overlay.Time;

namespace Overlay.Runtime;

/// <summary>Turns a <see cref="TimeProvider"/> into the moments that the two cores are fed with. The only clock of a node.</summary>
public sealed class NodeClock
{
    private readonly TimeProvider _provider;
    private readonly long _origin;
    private readonly double _ticksPerStamp;

    public NodeClock(TimeProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        _provider = provider;
        _origin = provider.GetTimestamp();
        _ticksPerStamp = (double)TimeSpan.TicksPerSecond / provider.TimestampFrequency;
    }

    /// <summary>The provider, for timers.</summary>
    public TimeProvider Provider => _provider;

    /// <summary>This moment.</summary>
    public Instant Now => new((long)((_provider.GetTimestamp() - _origin) * _ticksPerStamp), _provider.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>A moment as the clock on the wall has it now: durations between moments stay what they are.</summary>
    public DateTimeOffset Wall(Instant moment) => _provider.GetUtcNow() - new TimeSpan(Now.Ticks - moment.Ticks);

    /// <summary>The same moment in the connection stack's words.</summary>
    internal static WebRtc.Instant ToStack(Instant moment) => moment == Instant.Never ? WebRtc.Instant.Never : new(moment.Ticks);

    /// <summary>A deadline of the connection stack as ticks of this clock; <see cref="long.MaxValue"/> for never.</summary>
    internal static long TicksOf(WebRtc.Instant moment) => moment.IsNever ? long.MaxValue : moment.Ticks;
}
