using System.Net;
using Overlay.Admission;
using Overlay.Hub;
using Overlay.Nodes;
using Overlay.Nodes.Status;
using Overlay.Ring;
using Overlay.Status;

namespace Overlay.Cli.Watching;

/// <summary>The network as its hub sees it. The hub is no member: it asks as a guest of its own, through its gateways, and knows by itself who comes and who holds them.</summary>
internal sealed class HubStatusSource(HubOptions options) : IStatusSource, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<RingId> _newcomers = new(MaxNewcomers);
    private Action<NearChange>? _happened;
    private GuestStatusSource? _guest;

    /// <summary>Newcomers that wait until it is known whether they are the hub's own guest; more are not told of before they are members.</summary>
    private const int MaxNewcomers = 64;

    /// <inheritdoc/>
    public StatusOrigin Origin => Guest.Origin;

    private GuestStatusSource Guest => _guest ?? throw new InvalidOperationException("The hub has not started yet.");

    /// <summary>The hub has started, and can be asked through.</summary>
    public void Begin(HubServer hub)
    {
        var isLocal = IPAddress.IsLoopback(hub.EndPoint.Address);
        _guest = new(
            new NodeOptions { Hubs = { hub.Uri }, Token = options.Tokens.Count > 0 ? options.Tokens[0] : "", Listen = isLocal ? IPAddress.Loopback.ToString() : null },
            new("hub", Topology: null) { Name = hub.Uri.ToString(), Network = hub.Status.Network });
    }

    /// <summary>On the hub's loop.</summary>
    public void Observe(HubObservation what, RingId member)
    {
        if (Volatile.Read(ref _happened) is not { } happened)
        {
            return;
        }

        switch (what)
        {
            case HubObservation.Admitted:
                lock (_gate)
                {
                    if (_newcomers.Count < MaxNewcomers)
                    {
                        _newcomers.Add(member);
                    }
                }

                TellNewcomers();
                break;
            case HubObservation.GatewayAttached:
                happened(new(NearChangeKind.GatewayCame, member));
                break;
            case HubObservation.GatewayLost:
                happened(new(NearChangeKind.GatewayWent, member));
                break;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<MemberAnswer> CrawlAsync(
        IReadOnlyCollection<RingId> known, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var answer in Guest.CrawlAsync(known, cancellationToken).ConfigureAwait(false))
        {
            TellNewcomers();
            yield return answer;
        }
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<NearChange> happened)
    {
        Volatile.Write(ref _happened, happened);
        return new Subscription(this, Guest.Subscribe(happened));
    }

    /// <inheritdoc/>
    public IReadOnlyList<SpanReport> SpansOf(RingId member) => Guest.SpansOf(member);

    /// <inheritdoc/>
    public ValueTask RestAsync() => Guest.RestAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _guest?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>The guest is admitted like everybody; only when it is there it is known who it is, and that it is no newcomer to tell of.</summary>
    private void TellNewcomers()
    {
        if (Guest.GuestId is not { } own || Volatile.Read(ref _happened) is not { } happened)
        {
            return;
        }

        RingId[] newcomers;
        lock (_gate)
        {
            newcomers = [.. _newcomers];
            _newcomers.Clear();
        }

        foreach (var newcomer in newcomers.Where(newcomer => newcomer != own))
        {
            happened(new(NearChangeKind.Joining, newcomer));
        }
    }

    private sealed class Subscription(HubStatusSource source, IDisposable inner) : IDisposable
    {
        public void Dispose()
        {
            Volatile.Write(ref source._happened, null);
            inner.Dispose();
        }
    }
}
