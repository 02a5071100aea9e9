using System.Diagnostics;
using System.Globalization;

namespace Overlay.Nodes.Tests.Storage;

/// <summary>A process of tests/StoreWriter.</summary>
internal sealed class WriterProcess : IDisposable
{
    private readonly Process _process;

    private WriterProcess(Process process) => _process = process;

    /// <summary>Starts it and waits until it has the store open.</summary>
    public static async Task<WriterProcess> StartAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardInput = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "StoreWriter.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var writer = new WriterProcess(Process.Start(start)!);
        Assert.Equal("ready", await writer._process.StandardOutput.ReadLineAsync());
        return writer;
    }

    /// <summary>The next number that it reports, or null at its end.</summary>
    public async Task<int?> ReadAsync() =>
        await _process.StandardOutput.ReadLineAsync() is { } line && int.TryParse(line, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Kills it at once (SIGKILL) and tells the last number that it had reported.</summary>
    public async Task<int?> KillAsync()
    {
        _process.Kill();
        int? last = null;
        while (await ReadAsync() is { } number)
        {
            last = number;
        }

        await _process.WaitForExitAsync();
        return last;
    }

    /// <summary>Lets it end by itself.</summary>
    public async Task EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
