using Overlay.Messages;
using Overlay.Ring;
using Overlay.Simulator.Checkers;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Tests.Checkers;

/// <summary>A quiet network of real nodes, one of which tells another what the protocol never says. The checkers see no more of that than of any other message.</summary>
internal sealed class BrokenNetwork
{
    /// <summary>Decides everything, and must be named with each violation.</summary>
    public const ulong Seed = 9;

    /// <summary>Nodes.</summary>
    public const int Nodes = 24;

    /// <summary>How long the network stands before anything happens to it: longer than any answer may be on its way.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(70);

    private readonly RunDriver _driver = new(
        new Scenario
        {
            Name = "broken",
            Nodes = Nodes,
            Seed = Seed,
            Options = OverlayOptions.Default with { SuccessorListLength = 4 },
            Workloads =
            [
                new WorkloadSpec(WorkloadKind.Lookups, 0.2), new WorkloadSpec(WorkloadKind.Messages, 0.2), new WorkloadSpec(WorkloadKind.Register, 0.02) { Names = 20 },
                new WorkloadSpec(WorkloadKind.Resolve, 0.1), new WorkloadSpec(WorkloadKind.Broadcast, 0.01),
            ],
            Phases = [new Phase { Name = "quiet", Duration = TimeSpan.FromMinutes(10) }],
        },
        Seed);

    private ulong _lastMessage = 1UL << 60;

    public BrokenNetwork()
    {
        _driver.Begin();
        Pass(Quiet);
    }

    public RunChecks Checks => _driver.Checks;

    /// <summary>The node that is lied to, and its neighbours.</summary>
    public OverlayNode Victim => _driver.World[VictimNumber]!;

    public OverlayNode Next => NodeAt(Victim.Successors[0].Id);

    public OverlayNode Before => NodeAt(Victim.Predecessor!.Value.Id);

    private static int VictimNumber => 5;

    public OverlayNode NodeAt(RingId id) => _driver.World[_driver.World.Directory.Find(id)]!;

    public void Pass(TimeSpan time) => _driver.World.RunUntil(_driver.World.Ticks + time.Ticks);

    /// <summary><paramref name="liar"/> sends the victim a message over their link, as if it meant it.</summary>
    public void Tell(OverlayNode liar, Payload payload, RingId? destination = null, byte hops = 1)
    {
        var victim = Victim.Self.Id;
        var instance = liar.Self.Instance;
        _driver.World.Command(_driver.World.Directory.Find(liar.Self.Id), (node, now, outbox) => outbox.Send(node.LinkTo(victim), new Message
        {
            Kind = payload.Kind,
            HopsLeft = hops,
            Source = node.Self.Id,
            Destination = destination ?? victim,
            MessageId = ++_lastMessage,
            Body = new SignedBody { Instance = instance, ExpiresAt = now.UnixMilliseconds + 30_000, Payload = payload },
        }));
        Pass(TimeSpan.FromSeconds(1));
    }

    /// <summary>What <paramref name="check"/> says at the end.</summary>
    public CheckResult ResultOf(CheckKind check) => Checks.Results().Single(result => result.Name == check);

    /// <summary>The one violation that there must be, with its seed and the last events of those concerned.</summary>
    public (Violation Violation, IReadOnlyList<string> LastEvents) Caught(CheckKind check)
    {
        var result = ResultOf(check);
        Assert.True(Checks.HasViolation, "nothing was caught");
        Assert.True(result.ViolationCount > 0, $"caught by another check than {check}: {string.Join(' ', Checks.Results())}");
        var first = result.Violations[0];
        Assert.Equal(Seed, first.Seed);
        Assert.True(first.At >= Quiet);
        Assert.Equal(first.At, _driver.World.Elapsed); // The world stood still with the event that broke it: where a run ends does not depend on the machine's speed.
        var events = _driver.World.LastEvents(200, Checks.Concerned);
        Assert.NotEmpty(events);
        return (first, events);
    }
}
