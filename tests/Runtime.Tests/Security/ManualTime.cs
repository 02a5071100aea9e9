namespace Overlay.Runtime.Tests.Security;

/// <summary>A wall clock that moves when a test says so.</summary>
internal sealed class ManualTime : TimeProvider
{
    private DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(1_767_225_600);

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan duration) => _now += duration;

    public void Set(DateTimeOffset now) => _now = now;
}
