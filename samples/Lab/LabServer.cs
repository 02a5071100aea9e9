using System.Net;
using System.Reflection;
using Google.Protobuf;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Overlay.Samples.Lab.Network;
using Overlay.Samples.Lab.Traces;

namespace Overlay.Samples.Lab;

/// <summary>One port for both: the collector's end of OTLP, and the page that shows what came.</summary>
internal static class LabServer
{
    private const int MaxBodyBytes = 4 << 20;
    private const int ListedTraces = 100;
    private const string Protobuf = "application/x-protobuf";

    /// <summary>What a page of another origin cannot send without asking first.</summary>
    private const string ActionHeader = "X-Lab";

    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["index.html"] = "text/html; charset=utf-8",
        ["lab.css"] = "text/css; charset=utf-8",
        ["lab.js"] = "text/javascript; charset=utf-8",
    };

    private static readonly Dictionary<string, Func<LabNode, bool>> Actions = new(StringComparer.Ordinal)
    {
        ["start"] = static node => node.Start(),
        ["kill"] = static node => node.Kill(),
        ["freeze"] = static node => node.Freeze(),
        ["thaw"] = static node => node.Thaw(),
        ["leave"] = static node => node.Leave(),
    };

    /// <summary>Builds it; not started yet.</summary>
    /// <param name="port">The TCP port on loopback; 0 takes any.</param>
    /// <param name="traces">Where spans go.</param>
    /// <param name="network">The network, once it is there.</param>
    public static WebApplication Build(int port, TraceStore traces, Func<LabNetwork?> network)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Configuration["AllowedHosts"] = "localhost;127.0.0.1;[::1]"; // No name of somebody else's leads here.
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Listen(IPAddress.Loopback, port, static listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        app.UseHostFiltering();
        MapCollector(app, traces);
        MapPage(app);
        MapApi(app, traces, network);
        return app;
    }

    private static void MapCollector(WebApplication app, TraceStore traces)
    {
        app.MapPost("/v1/traces", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            try
            {
                traces.Add(Otlp.Traces.Parser.ParseFrom(body.GetBuffer().AsSpan(0, (int)body.Length)));
            }
            catch (InvalidProtocolBufferException e)
            {
                return Results.Problem($"This is no OTLP over protobuf: {e.Message}", statusCode: 400);
            }

            return Results.Bytes([], Protobuf); // An empty message: all was taken.
        });
        app.MapPost("/v1/metrics", static () => Results.Bytes([], Protobuf)); // The lab looks at traces; a collector that refuses metrics would make nodes complain.
    }

    private static void MapPage(WebApplication app)
    {
        foreach (var (name, type) in Types)
        {
            app.MapGet(name == "index.html" ? "/" : $"/{name}", (HttpContext context) =>
            {
                context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'";
                context.Response.Headers.XContentTypeOptions = "nosniff";
                return Results.Stream(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!, type);
            });
        }
    }

    /// <summary>Times in milliseconds from the beginning of the trace: nanoseconds since 1970 are more than a number of JavaScript holds.</summary>
    private static object Relative(IReadOnlyList<LabSpan> spans) => spans.Select(span => new
    {
        span.Id,
        span.Parent,
        span.Name,
        span.Node,
        start = (span.StartNanoseconds - spans[0].StartNanoseconds) / 1e6,
        milliseconds = (span.EndNanoseconds - span.StartNanoseconds) / 1e6,
        span.IsError,
        span.Attributes,
    });

    private static void MapApi(WebApplication app, TraceStore traces, Func<LabNetwork?> network)
    {
        app.MapGet("/api/state", () => Results.Json(new
        {
            nodes = network()?.Nodes.Select(static node => new { node.Name, node.Id, state = node.State.ToString().ToLowerInvariant(), node.Sent, node.Delivered, node.Received }) ?? [],
            events = network()?.Events ?? [],
            traces = traces.List(ListedTraces),
            spans = traces.Taken,
            picture = network()?.Picture,
        }));
        app.MapGet("/api/traces/{id}", (string id) => traces.Find(id) is { } spans ? Results.Json(Relative(spans)) : Results.Problem($"No trace {id} here: it never came, or is forgotten.", statusCode: 404));
        app.MapPost("/api/nodes/{name}/{action}", (HttpContext context, string name, string action) =>
        {
            if (!context.Request.Headers.ContainsKey(ActionHeader))
            {
                return Results.Problem($"Actions need the header {ActionHeader}.", statusCode: 403);
            }

            if (network()?.Find(name) is not { } node)
            {
                return Results.Problem($"No node is called '{name}'; see /api/state.", statusCode: 404);
            }

            return !Actions.TryGetValue(action, out var act) ? Results.Problem($"'{action}' is none of {string.Join(", ", Actions.Keys)}.", statusCode: 404)
                : act(node) ? Results.NoContent()
                : Results.Problem($"{name} is {node.State.ToString().ToLowerInvariant()}: '{action}' makes no sense now.", statusCode: 409);
        });
    }
}
