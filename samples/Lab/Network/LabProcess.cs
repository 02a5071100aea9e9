using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Overlay.Samples.Lab.Network;

/// <summary>One <c>overlay</c> command in a process of its own; what it prints as JSON is told line by line.</summary>
internal sealed partial class LabProcess : IDisposable
{
    private const int StopSignal = 19;
    private const int ContinueSignal = 18;
    private const int TerminateSignal = 15;

    private readonly Process _process;

    /// <param name="arguments">The command line after <c>overlay</c>.</param>
    /// <param name="environment">Added to the environment.</param>
    /// <param name="folder">Stands for the user's state folder.</param>
    /// <param name="said">Hears each JSON line.</param>
    /// <param name="failed">Hears each line of its error output.</param>
    public LabProcess(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string folder, Action<JsonElement> said, Action<string> failed)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : "dotnet", [Path.Combine(AppContext.BaseDirectory, "overlay.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            WorkingDirectory = folder,
        };
        start.Environment["XDG_STATE_HOME"] = folder;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Hear(line.Data, said);
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text)
            {
                failed(text);
            }
        };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public bool HasEnded => _process.HasExited;

    public Task Ended => _process.WaitForExitAsync();

    /// <summary>Writes a line to its standard input; a process that has ended misses it.</summary>
    public void Say(string line)
    {
        try
        {
            _process.StandardInput.WriteLine(line);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // It ended a moment ago, and whoever watches it hears so.
        }
    }

    /// <summary>Ends it as a crash would.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks it to leave.</summary>
    public void Terminate() => Signal(TerminateSignal);

    /// <summary>It stands still, as a machine that swaps or sleeps.</summary>
    public void Freeze() => Signal(StopSignal);

    /// <summary>It goes on.</summary>
    public void Thaw() => Signal(ContinueSignal);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private void Signal(int signal)
    {
        if (!_process.HasExited)
        {
            _ = Send(_process.Id, signal);
        }
    }

    private static void Hear(string? line, Action<JsonElement> said)
    {
        if (line is null)
        {
            return;
        }

        try
        {
            using var json = JsonDocument.Parse(line);
            said(json.RootElement.Clone());
        }
        catch (JsonException)
        {
            // A line for people.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);
}
