namespace Overlay.Cli.Demo;

/// <summary>What a demo is asked for.</summary>
internal sealed record DemoOptions(int Nodes, int Messages, ulong Seed)
{
    public Topology Topology { get; init; }

    /// <summary>The network in a word.</summary>
    public string Shape => Topology == Topology.Tree ? "tree" : "ring";

    /// <summary>The protocol's tunables: a tree of few children, so that the nodes of a demo make more than two levels.</summary>
    public OverlayOptions Protocol => Topology == Topology.Tree ? OverlayOptions.Default with { Topology = Topology.Tree, MaxDegree = 3 } : OverlayOptions.Default;
}

/// <summary>A round of messages between random pairs.</summary>
internal sealed record DemoMessages(int Sent, int Delivered, double MeanHops, int P99Hops);

/// <summary>A graceful leave: whether all neighbours saw it, and messages accepted meanwhile that did not arrive.</summary>
internal sealed record DemoGraceful(bool Left, int Lost);

/// <summary>What a demo showed; the object that <c>demo --json</c> prints.</summary>
internal sealed record DemoReport
{
    /// <summary>Time that a repair may take.</summary>
    public const long MaxRepairMs = 15_000;

    /// <summary>Links that must come about after the hub was stopped.</summary>
    public const int MinLinksAfterHubStopped = 4;

    public int Nodes { get; set; }

    /// <summary><c>ring</c> or <c>tree</c>; the promises named after the ring are the tree's, where it is one.</summary>
    public string Topology { get; set; } = "ring";

    public ulong Seed { get; set; }

    public bool RingCorrect { get; set; }

    public long ConvergeMs { get; set; }

    public DemoMessages? Messages { get; set; }

    public bool HubStopped { get; set; }

    public int LinksAfterHubStopped { get; set; }

    public long SignalsByHub { get; set; }

    public long SignalsByOverlay { get; set; }

    public int MaxHubSockets { get; set; }

    public int Killed { get; set; }

    /// <summary>Whether the root of the tree was among the killed; false on a ring, which has none.</summary>
    public bool RootKilled { get; set; }

    public bool RingCorrectAfterKill { get; set; }

    public long RepairMs { get; set; }

    public DemoMessages? MessagesAfterKill { get; set; }

    public DemoGraceful? Graceful { get; set; }

    public long TotalMs { get; set; }

    /// <summary>The promises, each with whether it held.</summary>
    public IEnumerable<(string Promise, bool Held, string Measured)> Promises()
    {
        yield return ($"the {Topology} converges", RingCorrect, $"{ConvergeMs} ms");
        yield return ("every message arrives", AllArrived(Messages), Describe(Messages));
        yield return ("the hub is stopped", HubStopped, $"it had {MaxHubSockets} sockets at the most");
        yield return ("new links without the hub", LinksAfterHubStopped >= MinLinksAfterHubStopped, $"{LinksAfterHubStopped} links");
        yield return Topology == "tree"
            ? ("the root and another node die", Killed == 2 && RootKilled, $"{Killed} killed")
            : ("two nodes die", Killed == 2, $"{Killed} killed");
        yield return ($"the {Topology} repairs itself", RingCorrectAfterKill && RepairMs <= MaxRepairMs, $"{RepairMs} ms");
        yield return ("every message arrives again", AllArrived(MessagesAfterKill), Describe(MessagesAfterKill));
        yield return ("a node leaves gracefully", Graceful is { Left: true, Lost: 0 }, $"neighbours saw it: {Graceful?.Left}, lost: {Graceful?.Lost}");
    }

    /// <summary>Whether every promise held.</summary>
    public bool AllHeld() => Promises().All(static promise => promise.Held);

    private static bool AllArrived(DemoMessages? messages) => messages is not null && messages.Sent > 0 && messages.Delivered == messages.Sent;

    private static string Describe(DemoMessages? messages) => messages is null
        ? "not tried"
        : string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{messages.Delivered} of {messages.Sent}, hops {messages.MeanHops:F2} mean, {messages.P99Hops} p99");
}
