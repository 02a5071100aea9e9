using System.Text.Json.Nodes;

namespace Overlay.Interop.Tests.Peers;

/// <summary>A peer spoken to in JSON lines, whatever it is made of: our process, another stack's process, a page in a browser.</summary>
internal abstract class LinePeer : IAsyncDisposable
{
    /// <summary>Generous, since a loaded machine is slow; a test waits for conditions and normally takes a fraction of it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly List<JsonObject> _lines = [];
    private readonly List<JsonObject> _signals = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LinePeer? _partner;
    private int _lastCommand;

    /// <summary>Carries descriptions and candidates between the two, those that came before included.</summary>
    public static void Connect(LinePeer one, LinePeer other)
    {
        one.SetPartner(other);
        other.SetPartner(one);
    }

    /// <summary>Says a line to the peer.</summary>
    public abstract void Say(JsonObject line);

    public abstract ValueTask DisposeAsync();

    /// <summary>Runs a command and returns its result; a result that is not ok fails the test.</summary>
    public async Task<JsonObject> CommandAsync(string name, JsonObject? args = null)
    {
        var result = await TryCommandAsync(name, args);
        Assert.True(result["ok"]!.GetValue<bool>(), $"{name}: {result.ToJsonString()}");
        return result;
    }

    /// <summary>Runs a command and returns its result, whatever it is.</summary>
    public Task<JsonObject> TryCommandAsync(string name, JsonObject? args = null)
    {
        var id = Interlocked.Increment(ref _lastCommand);
        Say(new JsonObject { ["type"] = "command", ["id"] = id, ["name"] = name, ["args"] = args ?? [] });
        return WaitAsync($"result of {name}", line => Is(line, "type", "result") && line["id"]!.GetValue<int>() == id);
    }

    /// <summary>Waits for an event of the given name, and takes it.</summary>
    public Task<JsonObject> EventAsync(string name, Func<JsonObject, bool>? condition = null) =>
        WaitAsync(name, line => Is(line, "event", name) && (condition is null || condition(line)));

    public Task<JsonObject> ChannelOpenAsync(string label) => EventAsync("channel-open", line => Is(line, "label", label));

    public Task<JsonObject> ChannelClosedAsync(string label) => EventAsync("channel-closed", line => Is(line, "label", label));

    public Task<JsonObject> StateAsync(string state) => EventAsync("state", line => Is(line, "state", state));

    /// <summary>Takes the first line that fits, now or later.</summary>
    public async Task<JsonObject> WaitAsync(string what, Func<JsonObject, bool> condition)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            Task news;
            lock (_gate)
            {
                var found = _lines.FindIndex(line => condition(line));
                if (found >= 0)
                {
                    var line = _lines[found];
                    _lines.RemoveAt(found);
                    return line;
                }

                news = _news.Task;
            }

            try
            {
                await news.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{GetType().Name}: no {what} in {Patience.TotalSeconds} s; seen and not taken: {Untaken()}");
            }
        }
    }

    /// <summary>Called by the heirs with each line the peer says.</summary>
    protected void Hear(string text)
    {
        if (JsonNode.Parse(text) is not JsonObject line)
        {
            return;
        }

        lock (_gate)
        {
            if (line["type"]?.GetValue<string>() is "offer" or "answer" or "candidate")
            {
                if (_partner is null)
                {
                    _signals.Add(line);
                }
                else
                {
                    _partner.Say(line);
                }

                return;
            }

            _lines.Add(line);
            var news = _news;
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            news.SetResult();
        }
    }

    protected static bool Is(JsonObject line, string name, string value) =>
        line[name] is JsonValue found && found.TryGetValue<string>(out var text) && text == value;

    private void SetPartner(LinePeer partner)
    {
        lock (_gate)
        {
            _partner = partner;
            foreach (var signal in _signals)
            {
                partner.Say(signal);
            }

            _signals.Clear();
        }
    }

    private string Untaken()
    {
        lock (_gate)
        {
            return string.Join('\n', _lines.Select(line => line.ToJsonString()));
        }
    }
}
