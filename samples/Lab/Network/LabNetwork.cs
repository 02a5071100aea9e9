using System.Globalization;
using System.Text.Json;

namespace Overlay.Samples.Lab.Network;

/// <summary>What the lab starts.</summary>
/// <param name="Nodes">Nodes, each a process.</param>
/// <param name="Topology"><c>ring</c> or <c>tree</c>.</param>
/// <param name="Collector">Where nodes send their telemetry.</param>
/// <param name="Folder">Where all of it keeps its files.</param>
internal sealed record LabPlan(int Nodes, string Topology, Uri Collector, string Folder);

/// <summary>Something that happened, for people.</summary>
internal sealed record LabEvent(long Number, DateTimeOffset At, string Who, string What);

/// <summary>A hub and its nodes, each in a process of its own, and coturn where the machine has it.</summary>
internal sealed class LabNetwork : IDisposable
{
    private const int MaxEvents = 200;
    private const string TurnSecret = "only in this lab";
    private const int TurnPort = 34_780;

    private readonly LabPlan _plan;
    private readonly Action<LabEvent> _told;
    private readonly Lock _gate = new();
    private readonly Queue<LabEvent> _events = new();
    private readonly TaskCompletionSource<Uri> _hubUri = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly System.Diagnostics.Process? _turn;
    private readonly LabProcess _hub;
    private long _lastEvent;

    /// <param name="plan">What to start.</param>
    /// <param name="told">Hears of everything that happens.</param>
    public LabNetwork(LabPlan plan, Action<LabEvent> told)
    {
        (_plan, _told) = (plan, told);
        Directory.CreateDirectory(plan.Folder);
        _turn = Coturn.TryStart(TurnPort, TurnSecret, plan.Folder);
        Nodes = [.. Enumerable.Range(1, plan.Nodes).Select(number => new LabNode($"node{number.ToString("00", CultureInfo.InvariantCulture)}", StartProcess, (node, what) => Tell(node.Name, what)))];
        _hub = new LabProcess(HubArguments(), new Dictionary<string, string>(), plan.Folder, HearHub, line => Tell("hub", line));
    }

    public IReadOnlyList<LabNode> Nodes { get; }

    /// <summary>Whether a TURN server of the machine runs beside the hub.</summary>
    public bool HasTurn => _turn is not null;

    /// <summary>Where the hub is.</summary>
    public Uri Hub => _hubUri.Task is { IsCompletedSuccessfully: true, Result: var uri } ? uri : throw new InvalidOperationException("The hub does not listen yet.");

    /// <summary>The hub's status page, once it is there.</summary>
    public Uri? Picture { get; private set; }

    /// <summary>The last events, oldest first.</summary>
    public IReadOnlyList<LabEvent> Events
    {
        get
        {
            lock (_gate)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>Starts all nodes, each when the one before is a member: sixteen runtimes at once would only wait for each other.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Tell("hub", $"listens at {await _hubUri.Task.WaitAsync(TimeSpan.FromSeconds(60), cancellationToken).ConfigureAwait(false)}");
        Tell("coturn", HasTurn ? $"relays for pages at port {TurnPort}" : "is not on this machine; pages go without it");
        foreach (var node in Nodes)
        {
            node.Start();
            while (node.State == LabState.Starting)
            {
                await Task.Delay(50, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public LabNode? Find(string name) => Nodes.FirstOrDefault(node => node.Name == name);

    public void Tell(string who, string what)
    {
        LabEvent told;
        lock (_gate)
        {
            told = new(++_lastEvent, DateTimeOffset.UtcNow, who, what);
            _events.Enqueue(told);
            if (_events.Count > MaxEvents)
            {
                _events.Dequeue();
            }
        }

        _told(told);
    }

    public void Dispose()
    {
        foreach (var node in Nodes)
        {
            node.Dispose();
        }

        _hub.Dispose();
        Coturn.Stop(_turn);
    }

    private string[] HubArguments()
    {
        string[] hub = ["hub", "--json", "--port", "0", "--status", ":0", "--data", Path.Combine(_plan.Folder, "hub")];
        return HasTurn ? [.. hub, "--turn", $"turn:127.0.0.1:{TurnPort}?transport=udp", "--turn-secret", TurnSecret] : hub;
    }

    private void HearHub(JsonElement line)
    {
        switch (line.GetProperty("type").GetString())
        {
            case "listening":
                _hubUri.TrySetResult(new Uri(line.GetProperty("uri").GetString()!));
                break;
            case "status":
                Picture = new Uri(line.GetProperty("uri").GetString()!);
                Tell("hub", $"shows the network at {Picture}");
                break;
        }
    }

    private LabProcess StartProcess(LabNode node) => new(
        ["node", "--json", "--hub", Hub.ToString(), "--listen", "127.0.0.1", "--name", node.Name, "--topology", _plan.Topology],
        new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _plan.Collector.ToString(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_SERVICE_NAME"] = node.Name,
            ["OTEL_BSP_SCHEDULE_DELAY"] = "1000",
            ["DOTNET_TieredPGO"] = "0",
        },
        _plan.Folder,
        node.Hear,
        line => Tell(node.Name, line));
}
