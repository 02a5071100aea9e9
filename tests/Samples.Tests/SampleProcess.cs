using System.Diagnostics;
using System.Threading.Channels;

namespace Overlay.Samples.Tests;

/// <summary>A sample, run as its user runs it.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    /// <summary>Generous, since a loaded machine is slow; a test waits for conditions and normally takes a fraction of it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    private SampleProcess(string name, string[] arguments, string? folder)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, name + ".dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? AppContext.BaseDirectory,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data is null ? "" : $"! {line.Data}");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public static SampleProcess Start(string name, params string[] arguments) => new(name, arguments, null);

    public static SampleProcess StartIn(string folder, string name, params string[] arguments) => new(name, arguments, folder);

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int ExitCode, IReadOnlyList<string> Lines)> RunAsync(string name, params string[] arguments)
    {
        await using var sample = Start(name, arguments);
        return await sample.EndAsync();
    }

    public void Say(string line) => _process.StandardInput.WriteLine(line);

    /// <summary>The next line that holds a text; others are passed over.</summary>
    public async Task<string> HearAsync(string text)
    {
        var passed = new List<string>();
        try
        {
            await foreach (var line in _lines.Reader.ReadAllAsync(TestContext.Current.CancellationToken).WithCancellation(new CancellationTokenSource(Patience).Token))
            {
                passed.Add(line);
                if (line.Contains(text, StringComparison.Ordinal))
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Said below.
        }

        throw new InvalidOperationException($"'{text}' was never said, but: {string.Join('\n', passed)}");
    }

    /// <summary>Closes its input, and waits for its end.</summary>
    public async Task<(int ExitCode, IReadOnlyList<string> Lines)> EndAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        _lines.Writer.TryComplete();
        var lines = new List<string>();
        await foreach (var line in _lines.Reader.ReadAllAsync(CancellationToken.None))
        {
            lines.Add(line);
        }

        return (_process.ExitCode, lines);
    }

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Hear(string? line)
    {
        if (!string.IsNullOrEmpty(line))
        {
            _lines.Writer.TryWrite(line);
        }
    }
}
