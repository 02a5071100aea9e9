using Overlay.Nodes.Hosting.Health;
using Overlay.Ring;
using Overlay.Runtime;

namespace Overlay.Nodes.Tests.Hosting;

/// <summary>The probe in virtual time.</summary>
public sealed class RoutedProbeTests
{
    private static readonly RingId Self = RingId.From(1);
    private static readonly RingId Other = RingId.From(2);

    private readonly ManualTime _time = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_probe_that_comes_back_says_from_whom()
    {
        var asked = new List<RingId>();
        var probe = new RoutedProbe(Self, (key, _) => Answer(asked, key, Other), _time);

        var found = await probe.RunAsync(2, TimeSpan.FromSeconds(3), Cancelled);

        Assert.Equal((Other, 1, null), (found.Member, found.Probes, found.Cause));
        Assert.Single(asked);
    }

    // Whoever is responsible for the drawn id may be this node: no message would leave it, and nothing would be shown.
    [Fact]
    public async Task An_answer_of_its_own_is_none()
    {
        var asked = new List<RingId>();
        var probe = new RoutedProbe(Self, (key, _) => Answer(asked, key, asked.Count < 5 ? Self : Other), _time);

        var found = await probe.RunAsync(1, TimeSpan.FromSeconds(3), Cancelled);

        Assert.Equal(Other, found.Member);
        Assert.Equal(6, asked.Distinct().Count());
    }

    [Fact]
    public async Task Whoever_is_responsible_for_everything_reaches_nobody()
    {
        var probe = new RoutedProbe(Self, static (_, _) => Task.FromResult(Self), _time);

        var found = await probe.RunAsync(2, TimeSpan.FromSeconds(3), Cancelled);

        Assert.Null(found.Member);
        Assert.Contains("this node's own", found.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_member_that_has_just_died_does_not_make_a_node_unready()
    {
        var asked = 0;
        var probe = new RoutedProbe(Self, (_, _) => asked++ == 0 ? Task.FromException<RingId>(new OverlayException(Outcome.Unreachable, "gone")) : Task.FromResult(Other), _time);

        var found = await probe.RunAsync(2, TimeSpan.FromSeconds(3), Cancelled);

        Assert.Equal((Other, 2), (found.Member, found.Probes));
    }

    // The promise of 10 s: the longest age of a finding and all probes that nobody answers, in virtual time.
    [Fact]
    public async Task A_node_whose_probes_never_come_back_knows_within_ten_seconds()
    {
        var options = new OverlayHealthOptions();
        var began = _time.GetTimestamp();
        var probe = new RoutedProbe(Self, static async (_, cancelled) =>
        {
            await Task.Delay(Timeout.Infinite, cancelled);
            return Other;
        }, _time);

        var running = probe.RunAsync(options.Probes, options.ProbeTimeout, Cancelled);
        for (var i = 0; i < options.Probes; i++)
        {
            await _time.UntilArmedAsync(options.ProbeTimeout);
            _time.Advance(options.ProbeTimeout);
        }

        var found = await Soon.Async(running);
        Assert.Null(found.Member);
        Assert.Equal("no answer within 3 s", found.Cause);
        Assert.InRange(options.MaxAge + _time.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    private static Task<RingId> Answer(List<RingId> asked, RingId key, RingId owner)
    {
        asked.Add(key);
        return Task.FromResult(owner);
    }
}
