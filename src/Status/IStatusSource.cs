using Overlay.Ring;

namespace Overlay.Status;

/// <summary>The network as the page's server sees it: whose page it is, whom it can ask, and what happens near it.</summary>
/// <remarks>Called by one patrol, however many look at the page; only while somebody does.</remarks>
public interface IStatusSource
{
    /// <summary>Whose page it is.</summary>
    StatusOrigin Origin { get; }

    /// <summary>
    /// Asks members for their tables, one after the other: those of <paramref name="known"/> and everybody that an answer names. Each is asked once; one that does not answer is
    /// told of with the reason.
    /// </summary>
    /// <remarks>Bounds its own questions: at most <see cref="StatusOptions.MaxQueriesPerSecond"/> a second.</remarks>
    IAsyncEnumerable<MemberAnswer> CrawlAsync(IReadOnlyCollection<RingId> known, CancellationToken cancellationToken);

    /// <summary>Hears of what happens near by, without being asked, until the result is disposed of. Called on any thread; must be quick.</summary>
    IDisposable Subscribe(Action<NearChange> happened);

    /// <summary>What the server has seen of a member's messages lately, the newest first; empty where it sees none.</summary>
    IReadOnlyList<SpanReport> SpansOf(RingId member);

    /// <summary>Nobody looks any more: what is held for the next question only may be given up.</summary>
    ValueTask RestAsync();
}

/// <summary>Whose page it is.</summary>
/// <param name="Kind"><c>hub</c> or <c>node</c>.</param>
/// <param name="Topology">What the members build; null: who shows it does not know, and it is seen from what they say.</param>
public sealed record StatusOrigin(string Kind, Topology? Topology)
{
    /// <summary>The node's own id; null for a hub, which is no member.</summary>
    public RingId? Id { get; init; }

    /// <summary>The node's name, or the hub's address.</summary>
    public string? Name { get; init; }

    /// <summary>The network's id, where it is known.</summary>
    public string? Network { get; init; }
}

/// <summary>What came of a question for a member's tables.</summary>
/// <param name="Id">Who was asked.</param>
/// <param name="Report">The answer; null: none came.</param>
/// <param name="Failure">Why none came: a word such as <c>unreachable</c> or <c>timedOut</c>.</param>
public readonly record struct MemberAnswer(RingId Id, MemberReport? Report, string? Failure);

/// <summary>What happened near the page's server.</summary>
public enum NearChangeKind
{
    /// <summary>Somebody is about to become a member.</summary>
    Joining,

    /// <summary>A neighbour said good-bye.</summary>
    Left,

    /// <summary>A neighbour's death is confirmed.</summary>
    Died,

    /// <summary>A gateway of the hub is here.</summary>
    GatewayCame,

    /// <summary>A gateway of the hub is gone; it may live on as a member.</summary>
    GatewayWent,

    /// <summary>The tables of the member that <see cref="NearChange.Report"/> is of are other ones now.</summary>
    Tables,
}

/// <summary>Something that happened near the page's server.</summary>
/// <param name="Kind">What.</param>
/// <param name="Member">Whom it is about.</param>
/// <param name="Report">With <see cref="NearChangeKind.Tables"/>: the tables.</param>
public readonly record struct NearChange(NearChangeKind Kind, RingId Member, MemberReport? Report = null);

/// <summary>A piece of work of a member that the server has seen: a span.</summary>
/// <param name="At">When it began.</param>
/// <param name="Name">What it was, such as <c>forward data</c>.</param>
/// <param name="TraceId">What joins it with others', 32 hexadecimal digits.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Outcome">What came of it; empty where it does not say.</param>
/// <param name="Peer">Whom it was with: the next hop, the target or the source; empty where it does not say.</param>
public sealed record SpanReport(DateTimeOffset At, string Name, string TraceId, TimeSpan Duration, string Outcome, string Peer);
