using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Overlay.Samples.Lab.Network;

/// <summary>The TURN server of the machine, where it has one.</summary>
internal static class Coturn
{
    /// <summary>Null where there is no <c>turnserver</c> on the path.</summary>
    public static Process? TryStart(int port, string secret, string folder)
    {
        var start = new ProcessStartInfo("turnserver")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (var argument in (string[])
        [
            "--no-cli", "--no-tls", "--no-dtls", "--listening-ip=127.0.0.1", $"--listening-port={port.ToString(CultureInfo.InvariantCulture)}",
            "--realm=lab", "--use-auth-secret", $"--static-auth-secret={secret}", "--allow-loopback-peers", "--log-file=stdout",
        ])
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            var process = Process.Start(start)!;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            return process;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    public static void Stop(Process? process)
    {
        if (process is { HasExited: false })
        {
            process.Kill();
        }

        process?.Dispose();
    }
}
