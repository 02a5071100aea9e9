using System.Runtime.CompilerServices;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Diagnostics;

namespace Overlay.Runtime;

/// <summary>What operators ask of a network.</summary>
public sealed partial class OverlayHost
{
    /// <summary>Walks once through the network by routed questions: each member's tables, and a failure for each node that stands in somebody's tables and does not answer.</summary>
    /// <param name="options">How fast and how far; null: the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The members in the order in which they answer, this node included unless it is a guest.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    /// <exception cref="OverlayException">A guest finds no member to begin with.</exception>
    public IAsyncEnumerable<MemberState> CrawlAsync(CrawlOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new CrawlOptions();
        options.Validate();
        return WalkAsync(options, cancellationToken);
    }

    private async IAsyncEnumerable<MemberState> WalkAsync(CrawlOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var first = _options.IsGuest ? (await LookupAsync(Id, cancellationToken).ConfigureAwait(false)).Self.Id : Id;
        var crawler = new MemberCrawler(AskStateAsync, _options.TimeProvider);
        await foreach (var member in crawler.CrawlAsync(options, [first, .. options.Seeds], cancellationToken).ConfigureAwait(false))
        {
            yield return member;
        }
    }

    /// <summary>As <see cref="InspectAsync"/>, but without a span: a walk would fill a back end with them.</summary>
    private async Task<State> AskStateAsync(RingId id, CancellationToken cancellationToken)
    {
        if (id == Id)
        {
            return await SnapshotAsync(cancellationToken).ConfigureAwait(false);
        }

        var result = await RunAsync((now, outbox) => _node.Inspect(now, id, outbox), cancellationToken).ConfigureAwait(false);
        return result.As<State>($"Inspecting {id}");
    }
}
