using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Overlay.Cli.Tests;

/// <summary>The real <c>overlay</c> executable in a process of its own.</summary>
internal sealed partial class OverlayProcess : IAsyncDisposable
{
    /// <summary>How long a test waits for something that comes soon, on a machine that may be busy.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly StringBuilder _errors = new();
    private readonly Task _reading;
    private readonly List<string> _seen = [];

    private OverlayProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadOutputAsync(), ReadErrorsAsync());
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Starts <c>overlay</c> with <paramref name="arguments"/>.</summary>
    /// <param name="state">The folder that stands for the user's state folder.</param>
    /// <param name="arguments">The command line.</param>
    public static OverlayProcess Start(string state, params IEnumerable<string> arguments) => StartIn([], state, arguments);

    /// <summary>Starts <c>overlay</c> in another place.</summary>
    /// <param name="place">What the command line begins with there.</param>
    /// <param name="state">The folder that stands for the user's state folder.</param>
    /// <param name="arguments">The command line.</param>
    public static OverlayProcess StartIn(IReadOnlyList<string> place, string state, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(place.Count == 0 ? DotNet() : place[0])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = state,
        };
        foreach (var word in place.Count == 0 ? [] : (string[])[.. place.Skip(1), DotNet()])
        {
            start.ArgumentList.Add(word);
        }

        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "overlay.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["XDG_STATE_HOME"] = state;
        start.Environment["DOTNET_TieredPGO"] = "0"; // Short lives: less to start.
        return new OverlayProcess(Process.Start(start)!);
    }

    /// <summary>Runs a command to its end.</summary>
    public static Task<Ended> RunAsync(string state, params IEnumerable<string> arguments) => RunInAsync([], state, arguments);

    /// <summary>Runs a command in another place to its end.</summary>
    public static async Task<Ended> RunInAsync(IReadOnlyList<string> place, string state, params IEnumerable<string> arguments)
    {
        await using var process = StartIn(place, state, arguments);
        process._process.StandardInput.Close();
        return await process.EndAsync();
    }

    /// <summary>Writes a line to its stdin.</summary>
    public async Task WriteAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), Cancelled);
        await _process.StandardInput.FlushAsync(Cancelled);
    }

    /// <summary>Closes its stdin.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>The next JSON line of the given type; earlier lines of other types are passed over.</summary>
    public async Task<JsonElement> NextAsync(string type, Func<JsonElement, bool>? wanted = null)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        patience.CancelAfter(Patience);
        try
        {
            while (true)
            {
                var line = await _lines.Reader.ReadAsync(patience.Token);
                var json = Json(line);
                if (json.GetProperty("type").GetString() == type && wanted?.Invoke(json) != false)
                {
                    return json;
                }
            }
        }
        catch (Exception e) when (e is ChannelClosedException or OperationCanceledException)
        {
            throw new InvalidOperationException($"No '{type}' came ({(e is ChannelClosedException ? "the process ended" : "in time")}). {Everything()}", e);
        }
    }

    /// <summary>Waits until its error stream has <paramref name="text"/>.</summary>
    public async Task UntilLoggedAsync(string text)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        patience.CancelAfter(Patience);
        while (!HasLogged(text))
        {
            Assert.False(patience.IsCancellationRequested, $"'{text}' was not logged. {Everything()}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), Cancelled);
        }
    }

    /// <summary>Ends it as a crash would: SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await EndAsync();
    }

    /// <summary>Sends SIGTERM, or SIGINT as Ctrl-C does.</summary>
    public void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    public const int Interrupt = 2;

    public const int Terminate = 15;

    /// <summary>Waits for its end.</summary>
    public async Task<Ended> EndAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        patience.CancelAfter(Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
            await _reading.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new InvalidOperationException($"It did not end in time. {Everything()}", e);
        }

        lock (_seen)
        {
            return new(_process.ExitCode, [.. _seen], _errors.ToString());
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }

        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    public static JsonElement Json(string line)
    {
        try
        {
            return JsonDocument.Parse(line).RootElement;
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException($"No JSON: {line}", e);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    /// <summary>The muxer that runs this test, so that no other one is needed.</summary>
    private static string DotNet()
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return Path.GetFullPath(Path.Combine(framework, "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
    }

    private bool HasLogged(string text)
    {
        lock (_seen)
        {
            return _errors.ToString().Contains(text, StringComparison.Ordinal);
        }
    }

    private string Everything()
    {
        lock (_seen)
        {
            return $"Output:\n{string.Join('\n', _seen)}\nErrors:\n{_errors}";
        }
    }

    private async Task ReadOutputAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            lock (_seen)
            {
                _seen.Add(line);
            }

            _lines.Writer.TryWrite(line);
        }

        _lines.Writer.Complete();
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync(CancellationToken.None) is { } line)
        {
            lock (_seen)
            {
                _errors.AppendLine(line);
            }
        }
    }
}

/// <summary>What is left of a process.</summary>
internal sealed record Ended(int ExitCode, IReadOnlyList<string> Lines, string Errors)
{
    /// <summary>The only JSON line.</summary>
    public JsonElement OnlyJson => OverlayProcess.Json(Assert.Single(Lines));

    public string Output => string.Join('\n', Lines);
}
