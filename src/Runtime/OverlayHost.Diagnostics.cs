using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Runtime.Diagnostics;
using Overlay.Runtime.Telemetry;

namespace Overlay.Runtime;

/// <summary>What operators ask of a network.</summary>
public sealed partial class OverlayHost
{
    private const string DiagnosticLabel = "overlay-explain";
    private static readonly TimeSpan ReportPeriod = TimeSpan.FromMilliseconds(100);

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

    /// <summary>Asks the way to a node and back: each hop's decision, its link, and how long it held the message. Also where the way ends short of it.</summary>
    /// <param name="id">The node.</param>
    /// <param name="asTrace">Whether hops that export spans are to make some of it, whoever listens here.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OverlayException">Nothing came back in time, or this node is not in the network.</exception>
    public async Task<TracedWay> TraceAsync(RingId id, bool asTrace = false, CancellationToken cancellationToken = default)
    {
        using var span = Telemetry.Start("trace route", ActivityKind.Client);
        span?.SetTag("overlay.target.id", id.ToString());
        var trace = asTrace && span is not { Recorded: true } ? NewTrace() : default;
        var result = await RunCausedAsync(span, (now, outbox) => _node.Trace(now, id, trace, outbox), cancellationToken).ConfigureAwait(false);
        Conclude(span, result.Outcome);
        var route = result.As<RouteTrace>($"Tracing the way to {id}");
        var shown = !route.Context.IsNone ? route.Context : span is { Recorded: true } ? span.ToWire() : trace; // A gateway begins a trace of its own, linked to a guest's.
        return new(route, shown.IsNone ? null : shown.ToActivity().TraceId.ToHexString());
    }

    /// <summary>What became of the last 1,000 messages of others at this node, the latest last.</summary>
    public Task<RouteRecord[]> RouteRecordsAsync() => OnLoopAsync(_loop.LastRoutes);

    /// <summary>Why a node is reached as it is, or what became of it.</summary>
    /// <param name="id">The node.</param>
    /// <param name="options">How much it may cost; null: no channel is tried, and 256 members asked at the most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OverlayException">This node is not in the network.</exception>
    public Task<Explanation> ExplainAsync(RingId id, ExplainOptions? options = null, CancellationToken cancellationToken = default) =>
        new Explainer(this, options ?? new ExplainOptions()).ExplainAsync(id, cancellationToken);

    /// <summary>Opens a channel to a member, waits until it is direct or it is clear that it will not be, and says what was tried.</summary>
    /// <param name="peer">The member.</param>
    /// <param name="patience">How long it has to become direct.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ChannelReport> DiagnoseChannelAsync(RingId peer, TimeSpan patience, CancellationToken cancellationToken = default)
    {
        var begunAt = _clock.Now;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        var opening = OpenedAfterAsync(peer, begunAt, limit.Token);
        var report = await ReportAsync(peer).ConfigureAwait(false);
        var directAfter = default(TimeSpan?);
        while (!report.IsSettled && _clock.Now - begunAt < patience && !(opening.IsCompleted && (await opening.ConfigureAwait(false)).Failure is not null))
        {
            await Task.Delay(ReportPeriod, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
            report = await ReportAsync(peer).ConfigureAwait(false);
            directAfter = report.Way == LinkWay.Direct ? _clock.Now - begunAt : null;
        }

        var (openedAfter, failure) = await opening.ConfigureAwait(false);
        return report with { OpenedAfter = openedAfter, DirectAfter = directAfter ?? (report.Way == LinkWay.Direct ? openedAfter : null), Failure = failure };
    }

    /// <summary>Opens a channel that nobody listens for: the other end closes it, and the connection stays for a while.</summary>
    private async Task<(TimeSpan? After, string? Failure)> OpenedAfterAsync(RingId peer, Time.Instant begunAt, CancellationToken cancellationToken)
    {
        try
        {
            var channel = await OpenAsync(peer.ToString(), DiagnosticLabel, cancellationToken).ConfigureAwait(false);
            channel.Abort();
            return (_clock.Now - begunAt, null);
        }
        catch (OverlayException e)
        {
            return (null, e.Message);
        }
        catch (OperationCanceledException)
        {
            return (null, "No connection came about in time.");
        }
    }

    private Task<ChannelReport> ReportAsync(RingId peer) => OnLoopAsync(() => _loop.Channels.Report(peer));

    private static TraceContext NewTrace()
    {
        Span<byte> drawn = stackalloc byte[24];
        System.Security.Cryptography.RandomNumberGenerator.Fill(drawn);
        return new(
            BinaryPrimitives.ReadUInt64BigEndian(drawn), BinaryPrimitives.ReadUInt64BigEndian(drawn[8..]) | 1, BinaryPrimitives.ReadUInt64BigEndian(drawn[16..]) | 1, (byte)ActivityTraceFlags.Recorded);
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
