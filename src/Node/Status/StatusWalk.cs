using System.Runtime.CompilerServices;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Diagnostics;
using Overlay.Status;

namespace Overlay.Nodes.Status;

/// <summary>A walk through the network in the words of the status page.</summary>
internal static class StatusWalk
{
    /// <summary>Who is silent takes seconds; it must not hold up the others.</summary>
    private const int MaxInFlight = 256;

    public static async IAsyncEnumerable<MemberAnswer> WalkAsync(
        Node node, int perSecond, IReadOnlyCollection<RingId> known, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var options = new CrawlOptions { MaxPerSecond = perSecond, MaxInFlight = MaxInFlight, MaxMembers = 100_000, Seeds = known };
        await foreach (var member in node.CrawlAsync(options, cancellationToken).ConfigureAwait(false))
        {
            yield return member.State is { } state
                ? new(member.Id, ReportOf(node, member.Id, state), null)
                : new(member.Id, null, System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(member.Outcome.ToString()));
        }
    }

    public static MemberReport ReportOf(Node node, RingId id, State state)
    {
        var report = MemberReport.Of(id, state);
        return id == node.Id ? report with { Name = node.Name } : report;
    }
}
