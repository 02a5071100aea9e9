using System.Runtime.CompilerServices;
using Overlay.Ring;
using Overlay.Status;

namespace Overlay.Nodes.Status;

/// <summary>The network as somebody sees it who is no member: a hub, a tool. It asks as a guest, through one of the hub's gateways, while somebody looks.</summary>
/// <param name="options">The guest: hubs, token, listening address; made a guest here.</param>
/// <param name="origin">Whose page it is.</param>
public sealed class GuestStatusSource(NodeOptions options, StatusOrigin origin) : IStatusSource, IAsyncDisposable
{
    /// <summary>A hub lets a newcomer pass 200 messages a second, and questions may have to be asked again.</summary>
    private const int QueriesPerSecond = 150;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly SpanWatch _spans = new();
    private Node? _guest;

    /// <summary>The guest's own id, while it is there.</summary>
    public RingId? GuestId => Volatile.Read(ref _guest)?.Id;

    /// <inheritdoc/>
    public StatusOrigin Origin => origin;

    /// <inheritdoc/>
    public async IAsyncEnumerable<MemberAnswer> CrawlAsync(IReadOnlyCollection<RingId> known, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var guest = await StartAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var answer in StatusWalk.WalkAsync(guest, QueriesPerSecond, known, cancellationToken).ConfigureAwait(false))
        {
            yield return answer;
        }
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<NearChange> happened) => _spans.Begin();

    /// <inheritdoc/>
    public IReadOnlyList<SpanReport> SpansOf(RingId member) => _spans.Of(member);

    /// <summary>The guest leaves.</summary>
    public async ValueTask RestAsync()
    {
        await _starting.WaitAsync().ConfigureAwait(false);
        try
        {
            if (Interlocked.Exchange(ref _guest, null) is { } guest)
            {
                await guest.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await RestAsync().ConfigureAwait(false);
        _starting.Dispose();
    }

    private async Task<Node> StartAsync(CancellationToken cancellationToken)
    {
        await _starting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_guest is { Phase: NodePhase.Left } ended)
            {
                _guest = null;
                await ended.DisposeAsync().ConfigureAwait(false);
            }

            return _guest ??= await Node.StartAsync(
                new NodeOptions
                {
                    Hubs = options.Hubs,
                    Token = options.Token,
                    Listen = options.Listen,
                    Protocol = options.Protocol,
                    StartTimeout = Patience,
                    IsGuest = true,
                    Telemetry = new() { Spans = false }, // Its own questions are no news.
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _starting.Release();
        }
    }
}
