using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Overlay.Interop.Tests.Peers;

/// <summary>A peer in a process of its own.</summary>
internal sealed class ProcessPeer : LinePeer
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly Lock _inputGate = new();

    private ProcessPeer(IEnumerable<string> command)
    {
        string[] words = [.. command];
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => HearIfAny(line.Data);
        _process.ErrorDataReceived += (_, line) => Complain(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Ours: tests/InteropPeer.</summary>
    public static ProcessPeer Ours(string role, NetworkRoom? room = null) => Ours([role], room);

    /// <summary>Ours with a whole command line.</summary>
    public static ProcessPeer Ours(string[] arguments, NetworkRoom? room = null) =>
        new([.. room?.Prefix ?? [], "dotnet", Path.Combine(AppContext.BaseDirectory, "InteropPeer.dll"), .. arguments]);

    /// <summary>libdatachannel, in Node.js. Skips the test where its packages are not installed.</summary>
    public static ProcessPeer Libdatachannel(string role)
    {
        var node = Tool.RequireNode();
        var folder = Tool.RequireNpmFolder("tests/Interop.Tests/npm");
        return new([node, Path.Combine(folder, "libdatachannel-peer.mjs"), role]);
    }

    public override void Say(JsonObject line) => SayText(line.ToJsonString());

    /// <summary>Says a line that need not be JSON.</summary>
    public void SayText(string line)
    {
        lock (_inputGate)
        {
            _process.StandardInput.WriteLine(line);
            _process.StandardInput.Flush();
        }
    }

    /// <summary>Ends stdin and waits for the end of the process.</summary>
    public async Task<int> EndAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    /// <summary>The end of stdin ends the process.</summary>
    public override async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (IOException)
        {
            // It is gone already.
        }

        if (!_complaints.IsEmpty)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', _complaints));
        }

        _process.Dispose();
    }

    private void HearIfAny(string? line)
    {
        if (!string.IsNullOrEmpty(line))
        {
            Hear(line);
        }
    }

    private void Complain(string? line)
    {
        if (line is not null)
        {
            _complaints.Enqueue(line);
        }
    }
}
