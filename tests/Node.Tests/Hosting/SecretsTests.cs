using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overlay.Admission;
using Overlay.Hub;
using Overlay.Nodes.Hosting;
using Overlay.Nodes.Hosting.Health;
using Overlay.Runtime;
using Overlay.Runtime.Telemetry;

namespace Overlay.Nodes.Tests.Hosting;

/// <summary>Planted markers in every secret option: a node and its hub live, fail and are asked about, and all that they write is searched.</summary>
[Collection(nameof(Alone))]
public sealed class SecretsTests : IDisposable
{
    private const string Token = "MARKER-join-token";
    private const string WrongToken = "MARKER-wrong-token";
    private const string RootSecret = "MARKER-root-secret";
    private const string WrongRootSecret = "MARKER-wrong-root-secret";
    private const string TurnSecret = "MARKER-turn-secret";
    private const string Payload = "MARKER-payload-of-a-message";
    private const string HubPassword = "MARKER-hub-password";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("overlay-");
    private readonly ConcurrentQueue<string> _written = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task No_log_span_metric_answer_error_or_dump_shows_a_secret()
    {
        using var spans = ListenToSpans();
        using var metrics = ListenToMetrics();
        var log = new LogLines();
        var options = new HubOptions
        {
            Port = 0,
            Tokens = [Token],
            RootSecret = RootSecret,
            Ice = new IceConfiguration { TurnUrls = ["turn:127.0.0.1:9?transport=udp"], TurnSecret = TurnSecret },
            DataDirectory = Path.Combine(_folder.FullName, "hub"),
        };
        _written.Enqueue(options.ToString());
        await using var hub = await HubServer.StartAsync(options, Cancelled, logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log));
        await using var web = await StartAsync(hub.Uri, log, "member", Token, RootSecret);
        var node = await web.Services.GetRequiredService<INodeAccessor>().Node.WaitAsync(TestHub.Patience, Cancelled);
        await using var friend = await Node.StartAsync(OptionsFor(hub.Uri, Token, ""), Cancelled);

        // Life.
        await friend.SendAsync(node.Id, Payload, Cancelled);
        _written.Enqueue((await friend.InspectAsync(node.Id, Cancelled)).ToString());
        _written.Enqueue(JsonSerializer.Serialize(await node.InspectAsync(node.Id, Cancelled), JsonSerializerOptions.Web));
        await AskAsync(web, hub.Uri);

        // Failure.
        await FailAsync(() => Node.StartAsync(OptionsFor(hub.Uri, WrongToken, ""), Cancelled));
        await FailAsync(() => Node.StartAsync(OptionsFor(hub.Uri, Token, WrongRootSecret), Cancelled));
        await FailAsync(() => StartWronglyAsync(hub.Uri, log));
        metrics.RecordObservableInstruments();
        await web.StopAsync(Cancelled);

        foreach (var (_, _, text) in log.All)
        {
            _written.Enqueue(text);
        }

        Assert.NotEmpty(log.All);
        var all = string.Join('\n', _written);
        foreach (var probe in (string[])[node.Id.ToString(), "overlay-ready", "send data", "messaging.client.sent.messages", "AdmissionRefused"])
        {
            Assert.Contains(probe, all, StringComparison.Ordinal); // What is searched is what was meant to be.
        }

        var keys = PrivateKeys();
        Assert.True(keys.Count >= 3 * 3); // The hub's, the member's, the friend's.
        foreach (var secret in (string[])[Token, WrongToken, RootSecret, WrongRootSecret, TurnSecret, Payload, HubPassword, .. keys])
        {
            Assert.DoesNotContain(secret, all, StringComparison.OrdinalIgnoreCase);
        }

        Assert.DoesNotContain("MARKER", all, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void What_holds_secrets_writes_none_of_them_out()
    {
        var ice = new IceConfiguration { TurnUrls = ["turn:host:1"], TurnSecret = TurnSecret };
        object[] holders =
        [
            ice,
            new HubOptions { Tokens = [Token], RootSecret = RootSecret, Ice = ice },
            new HubAdmissionOptions { RootSecret = RootSecret, Ice = ice },
            new RuntimeOptions { Hubs = [], Token = Token, RootSecret = RootSecret },
            new NodeStart(1, 1, 1, null, Token, false) { RootSecret = RootSecret },
            new NodeOptions { Token = Token, RootSecret = RootSecret },
            new Messages.Admit(new byte[64], 1, false, Token, new byte[64]),
            new Messages.IceServer("turn:host:1", "name", TurnSecret),
            new Messages.LinkDescription([], "ufrag", "MARKER-of-a-password", [], []),
        ];

        Assert.All(holders, holder => Assert.DoesNotContain("MARKER", holder.ToString(), StringComparison.Ordinal));
    }

    private NodeOptions OptionsFor(Uri hub, string token, string rootSecret) => new()
    {
        Hubs = { hub },
        Listen = "127.0.0.1",
        Token = token,
        RootSecret = rootSecret,
        DataDirectory = Path.Combine(_folder.FullName, Guid.NewGuid().ToString("n")),
        StartTimeout = TestHub.Patience,
        Protocol = OverlayOptions.Default with { Topology = Topology.Tree },
    };

    private async Task<WebApplication> StartAsync(Uri hub, LogLines log, string name, string token, string rootSecret)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(log);
        builder.Services.AddOverlayNode(options =>
        {
            var wanted = OptionsFor(hub, token, rootSecret);
            options.Hubs.Add(hub);
            (options.Listen, options.Name, options.Token, options.RootSecret) = (wanted.Listen, name, token, rootSecret);
            (options.DataDirectory, options.Protocol) = (Path.Combine(_folder.FullName, name), wanted.Protocol);
        });
        builder.Services.AddHealthChecks().AddOverlayNode();
        builder.Services.AddProblemDetails();
        var application = builder.Build();
        application.UseExceptionHandler();
        application.MapOverlayHealth();
        application.MapGet("/fail", async (INodeAccessor accessor) => await (await accessor.Node).ResolveAsync("nobody"));
        await application.StartAsync(Cancelled);
        return application;
    }

    private async Task AskAsync(WebApplication web, Uri hub)
    {
        var address = new Uri(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        using var client = new HttpClient();
        foreach (var url in (Uri[])[new(address, "/health/live"), new(address, "/health/ready"), new(address, "/fail"), new UriBuilder(hub) { Scheme = "http", Path = "/status" }.Uri])
        {
            using var response = await client.GetAsync(url, Cancelled);
            _written.Enqueue(await response.Content.ReadAsStringAsync(Cancelled));
        }
    }

    /// <summary>Secrets in options that cannot work.</summary>
    private async Task StartWronglyAsync(Uri hub, LogLines log)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(log);
        builder.Services.AddOverlayNode(options =>
        {
            options.Hubs.Add(hub);
            options.Hubs.Add(new Uri($"http://user:{HubPassword}@127.0.0.1"));
            (options.Token, options.RootSecret, options.Port) = (Token, RootSecret, -1);
        });
        using var host = builder.Build();
        await host.StartAsync(Cancelled);
    }

    private async Task FailAsync(Func<Task> start) => _written.Enqueue((await Assert.ThrowsAnyAsync<Exception>(start)) switch
    {
        OverlayException e => $"{e.Reason} {e}",
        var e => e.ToString(),
    });

    /// <summary>The keys in the data directories, in each form in which they could be written.</summary>
    private List<string> PrivateKeys()
    {
        var found = new List<string>();
        foreach (var file in _folder.EnumerateFiles("*", SearchOption.AllDirectories).Where(static file => file.Extension != ".lock"))
        {
            var text = Encoding.UTF8.GetString(File.ReadAllBytes(file.FullName)).Replace("\\u002B", "+", StringComparison.Ordinal);
            foreach (var word in text.Split(['"', '\n', ' ', ',', ':'], StringSplitOptions.RemoveEmptyEntries).Where(static word => word.Length >= 40))
            {
                if (TryReadKey(word) is { } key)
                {
                    var secret = key.ExportParameters(includePrivateParameters: true).D!;
                    found.AddRange([word, Convert.ToHexString(secret), Convert.ToBase64String(secret)]);
                    key.Dispose();
                }
            }
        }

        return found;
    }

    private static ECDsa? TryReadKey(string word)
    {
        var key = ECDsa.Create();
        var buffer = new byte[word.Length];
        try
        {
            if (Convert.TryFromBase64String(word, buffer, out var length))
            {
                key.ImportPkcs8PrivateKey(buffer.AsSpan(0, length), out _);
                return key;
            }
        }
        catch (CryptographicException)
        {
            // Something else.
        }

        key.Dispose();
        return null;
    }

    private ActivityListener ListenToSpans()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = static _ => true,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => _written.Enqueue($"{span.DisplayName} {string.Join(' ', span.TagObjects)} {span.StatusDescription} {string.Join(' ', span.Events.SelectMany(one => one.Tags))} {string.Join(' ', span.Baggage)}"),
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private MeterListener ListenToMetrics()
    {
        var listener = new MeterListener { InstrumentPublished = static (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(instrument, tags));
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Note(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
        listener.Start();
        return listener;
    }

    private void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) => _written.Enqueue($"{instrument.Name} {string.Join(' ', tags.ToArray())}");
}
