using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Overlay.Nodes.Streams;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Http;

/// <summary>A byte pipe as a connection of Kestrel's.</summary>
internal sealed class OverlayConnection : ConnectionContext, IConnectionIdFeature, IConnectionItemsFeature, IConnectionLifetimeFeature, IConnectionTransportFeature,
    IConnectionEndPointFeature, IOverlayPeerFeature
{
    private static long _last;

    private readonly PipeConnection _pipe;

    public OverlayConnection(PipeConnection pipe, OverlayEndPoint local)
    {
        _pipe = pipe;
        Transport = pipe;
        ConnectionClosed = pipe.Closed;
        ConnectionId = $"{pipe.Remote.Id}-{Interlocked.Increment(ref _last).ToString("X", CultureInfo.InvariantCulture)}";
        LocalEndPoint = local;
        RemoteEndPoint = new OverlayEndPoint(pipe.Port) { Host = pipe.Remote.Id.ToString() };
        Features.Set<IConnectionIdFeature>(this);
        Features.Set<IConnectionItemsFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set<IConnectionEndPointFeature>(this);
        Features.Set<IOverlayPeerFeature>(this);
    }

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override IDuplexPipe Transport { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public PeerAddress Remote => _pipe.Remote;

    public PeerAddress Local => _pipe.Local;

    public override void Abort() => _pipe.Abort();

    public override void Abort(ConnectionAbortedException abortReason) => _pipe.Abort();

    public override async ValueTask DisposeAsync()
    {
        await _pipe.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }
}
