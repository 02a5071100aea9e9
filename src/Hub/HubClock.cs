using Overlay.Time;

namespace Overlay.Hub;

/// <summary>The host's time as the core's moments.</summary>
internal sealed class HubClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    public TimeProvider Provider => time;

    public Instant Now => new(time.GetElapsedTime(_start).Ticks, time.GetUtcNow().ToUnixTimeMilliseconds());
}
