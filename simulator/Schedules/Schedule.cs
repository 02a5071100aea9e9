using System.Globalization;
using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Schedules;

/// <summary>The families of schedules.</summary>
public enum ScheduleKind
{
    /// <summary>16 to 64 nodes; the assumptions of the proof are kept: any violation, and any broken assumption, is a bug.</summary>
    Kept,

    /// <summary>16 to 64 nodes that die as they like: broken assumptions are counted apart, and one correct ring must stand at the end.</summary>
    Free,

    /// <summary>1 to 10 nodes around the border between founding and ring: every home network.</summary>
    Founding,
}

/// <summary>What one random schedule does, drawn from its seed alone: how large, on what network, how wild.</summary>
public sealed record Schedule
{
    /// <summary>The seed of everything.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Its family.</summary>
    public required ScheduleKind Kind { get; init; }

    /// <summary>Whether the schedule keeps to the assumptions of the proof: no crash or leave that they forbid.</summary>
    public bool KeepsAssumptions => Kind == ScheduleKind.Kept;

    /// <summary>Nodes at the beginning of the churn.</summary>
    public required int Nodes { get; init; }

    /// <summary>Entries of a successor list.</summary>
    public required int SuccessorListLength { get; init; }

    /// <summary>Joins, leaves and crashes after the beginning.</summary>
    public required int Operations { get; init; }

    /// <summary>Mean time between two operations.</summary>
    public required TimeSpan Pause { get; init; }

    /// <summary>Of ten operations, how many are joins.</summary>
    public required int JoinShare { get; init; }

    /// <summary>Of ten operations, how many are graceful leaves; the rest are crashes.</summary>
    public required int LeaveShare { get; init; }

    /// <summary>Nodes that crash at the same moment, at most.</summary>
    public required int MaxCrashesAtOnce { get; init; }

    /// <summary>The network.</summary>
    public required LinkModel Network { get; init; }

    /// <summary>Draws a schedule.</summary>
    public static Schedule Draw(ulong seed, ScheduleKind kind)
    {
        var random = new Prng(seed ^ 0x5C4E_D01E);
        int[] lengths = [3, 4, 8, 8];
        var isFounding = kind == ScheduleKind.Founding;
        var joinShare = 3 + random.Next(4);
        return new()
        {
            Seed = seed,
            Kind = kind,
            Nodes = isFounding ? 1 + random.Next(10) : 16 + random.Next(49),
            SuccessorListLength = isFounding ? 8 : lengths[random.Next(lengths.Length)],
            Operations = isFounding ? random.Next(16) : 20 + random.Next(40),
            Pause = TimeSpan.FromMilliseconds(100 + random.Next(isFounding ? 20_000 : 1900)),
            JoinShare = joinShare,
            LeaveShare = random.Next(10 - joinShare),
            MaxCrashesAtOnce = 1 + random.Next(isFounding ? 2 : 4),
            Network = LinkModel.Draw(ref random),
        };
    }

    /// <summary>The protocol's tunables: the defaults, with the list length drawn.</summary>
    public OverlayOptions Options => OverlayOptions.Default with { SuccessorListLength = SuccessorListLength };

    /// <summary>Every drawn option in a line, so that a run says what it was before it says what came of it.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {Seed} {Kind}, {Nodes} nodes, r {SuccessorListLength}, {Operations} operations every {Pause.TotalMilliseconds:F0} ms ({JoinShare}/10 joins, {LeaveShare}/10 leaves, ≤ {MaxCrashesAtOnce} crashes at once), delays ≤ {Network.DelayTo.TotalMilliseconds:F0} ms, hops ≤ {Network.MaxHops}, {Network.RouteLossPerMille} ‰ of routed messages lost, {Network.SetUpFailurePerMille} ‰ of set-ups failing");
}
