using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Overlay.Otlp;

namespace Overlay.Exporting.Tests;

/// <summary>Receives OTLP and decodes it with nothing of the SDK that sent it.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ConcurrentQueue<byte[]> _bodies = new();
    private readonly ConcurrentQueue<Seen> _spans = new();
    private readonly ConcurrentQueue<(string Instance, Metric Metric)> _metrics = new();

    private Collector(WebApplication server) => _server = server;

    /// <summary>Set when something came.</summary>
    public Signal Changed { get; } = new();

    public Uri Address { get; private set; } = new("http://127.0.0.1");

    public IReadOnlyList<Seen> Spans => [.. _spans];

    public IReadOnlyList<(string Instance, Metric Metric)> Metrics => [.. _metrics];

    /// <summary>Every request as it came.</summary>
    public IReadOnlyList<byte[]> Bodies => [.. _bodies];

    public static async Task<Collector> StartAsync(bool isGrpc = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = isGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        var server = builder.Build();
        var collector = new Collector(server);
        server.MapPost("/v1/traces", context => TakeAsync(context, collector.TakeTraces));
        server.MapPost("/v1/metrics", context => TakeAsync(context, collector.TakeMetrics));
        server.MapPost("/opentelemetry.proto.collector.trace.v1.TraceService/Export", context => TakeGrpcAsync(context, collector.TakeTraces));
        server.MapPost("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", context => TakeGrpcAsync(context, collector.TakeMetrics));
        await server.StartAsync(TestContext.Current.CancellationToken);
        collector.Address = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return collector;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task TakeAsync(HttpContext context, Action<byte[]> take)
    {
        Assert.Equal("application/x-protobuf", context.Request.ContentType);
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        take(body.ToArray());
        context.Response.ContentType = "application/x-protobuf"; // An empty message: all was taken.
    }

    private static async Task TakeGrpcAsync(HttpContext context, Action<byte[]> take)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var frame = body.ToArray(); // Compressed 1, length 4, message.
        Assert.Equal((0, frame.Length - 5), (frame[0], BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(1))));
        take(frame[5..]);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5], context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private void TakeTraces(byte[] body)
    {
        _bodies.Enqueue(body);
        foreach (var from in Traces.Parser.ParseFrom(body).ResourceSpans)
        {
            var resource = from.Resource.Attributes.ToDictionary(one => one.Key, one => one.Value.Text, StringComparer.Ordinal);
            foreach (var scope in from.ScopeSpans)
            {
                foreach (var span in scope.Spans)
                {
                    _spans.Enqueue(new Seen(resource["service.name"], resource["service.instance.id"], scope.Scope.Name, span));
                }
            }
        }

        Changed.Set();
    }

    private void TakeMetrics(byte[] body)
    {
        _bodies.Enqueue(body);
        foreach (var from in Otlp.Metrics.Parser.ParseFrom(body).ResourceMetrics)
        {
            var instance = from.Resource.Attributes.Single(one => one.Key == "service.instance.id").Value.Text;
            foreach (var metric in from.ScopeMetrics.SelectMany(scope => scope.Metrics))
            {
                _metrics.Enqueue((instance, metric));
            }
        }

        Changed.Set();
    }
}

/// <summary>A span as it came.</summary>
internal sealed record Seen(string Service, string Instance, string Scope, Span Span)
{
    public ByteString Id => Span.SpanId;

    public ByteString Parent => Span.ParentSpanId;

    public ByteString Trace => Span.TraceId;

    public string Name => Span.Name;

    public DateTimeOffset Start => DateTimeOffset.UnixEpoch.AddTicks((long)(Span.StartTimeUnixNano / 100));

    public DateTimeOffset End => DateTimeOffset.UnixEpoch.AddTicks((long)(Span.EndTimeUnixNano / 100));

    public string Text(string key) => Span.Attributes.SingleOrDefault(one => one.Key == key)?.Value.Text ?? "";

    public long Whole(string key) => Span.Attributes.Single(one => one.Key == key).Value.Whole;
}
