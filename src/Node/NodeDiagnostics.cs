using Overlay.Ring;
using Overlay.Runtime.Diagnostics;

namespace Overlay.Nodes;

/// <summary>What operators ask of a network through a node: ways, their times, and why.</summary>
public sealed partial class Node
{
    /// <summary>Walks once through the network: the tables of each member, and a failure for each node that is in somebody's tables and does not answer.</summary>
    /// <param name="options">How fast and how far; null: 50 questions a second, 4,096 members.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public IAsyncEnumerable<MemberState> CrawlAsync(CrawlOptions? options = null, CancellationToken cancellationToken = default) => _host.CrawlAsync(options, cancellationToken);

    /// <summary>Asks the way to a node and back: each hop's decision, its link, and how long it held the message. Also where the way ends short of it.</summary>
    /// <param name="id">The node.</param>
    /// <param name="asTrace">Whether hops that export spans are to make some of it, whoever listens here.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Runtime.OverlayException">Nothing came back in time, or this node is not in the network.</exception>
    public Task<TracedWay> TraceAsync(RingId id, bool asTrace = false, CancellationToken cancellationToken = default) => _host.TraceAsync(id, asTrace, cancellationToken);

    /// <summary>Why a node is reached as it is, or what became of it.</summary>
    /// <param name="id">The node.</param>
    /// <param name="options">How much it may cost; null: no channel is tried, and 256 members asked at the most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Runtime.OverlayException">This node is not in the network.</exception>
    public Task<Explanation> ExplainAsync(RingId id, ExplainOptions? options = null, CancellationToken cancellationToken = default) => _host.ExplainAsync(id, options, cancellationToken);

    /// <summary>Opens a channel to a member, waits until it is direct or it is clear that it will not be, and says what was tried.</summary>
    /// <param name="peer">The member.</param>
    /// <param name="patience">How long it has to become direct.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ChannelReport> DiagnoseChannelAsync(RingId peer, TimeSpan patience, CancellationToken cancellationToken = default) =>
        _host.DiagnoseChannelAsync(peer, patience, cancellationToken);
}
