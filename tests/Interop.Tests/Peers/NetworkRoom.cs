using System.Diagnostics;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Overlay.Interop.Tests.Peers;

/// <summary>A place with an address and a default route, which is what Chromium wants before it has a candidate; it never uses loopback.</summary>
/// <remarks>
/// Normally the machine itself is such a place. Where it has no default route, a network namespace with a pair of virtual cards becomes one;
/// that takes root and iproute2. Browser and peer then run inside.
/// </remarks>
internal sealed class NetworkRoom : IDisposable
{
    private readonly string? _name;

    private NetworkRoom(string? name) => _name = name;

    /// <summary>What a command line begins with to run inside.</summary>
    public IReadOnlyList<string> Prefix => _name is null ? [] : ["ip", "netns", "exec", _name];

    /// <summary>Finds or makes the place. Skips the test where neither works.</summary>
    public static NetworkRoom Enter()
    {
        if (Environment.GetEnvironmentVariable("OVERLAY_TEST_NAMESPACE") != "1" && HasDefaultRoute())
        {
            return new NetworkRoom(null);
        }

        Tool.Require("ip");
        var name = $"overlay-{Environment.ProcessId}";
        var room = new NetworkRoom(name);
        string[][] commands =
        [
            ["netns", "add", name],
            ["-n", name, "link", "set", "lo", "up"],
            ["-n", name, "link", "add", "inside", "type", "veth", "peer", "name", "outside"],
            ["-n", name, "address", "add", "10.213.77.2/24", "dev", "inside"],
            ["-n", name, "link", "set", "inside", "up"],
            ["-n", name, "link", "set", "outside", "up"],
            ["-n", name, "route", "add", "default", "via", "10.213.77.1"],
        ];
        foreach (var command in commands)
        {
            if (Run(command) is { Length: > 0 } complaint)
            {
                room.Dispose();
                Tool.Missing($"this machine has no default route and a network namespace cannot be made (ip {string.Join(' ', command)}: {complaint})");
            }
        }

        return room;
    }

    public void Dispose()
    {
        if (_name is not null)
        {
            Run(["netns", "delete", _name]);
        }
    }

    private static bool HasDefaultRoute()
    {
        foreach (var card in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (card.OperationalStatus != OperationalStatus.Up || card.NetworkInterfaceType == NetworkInterfaceType.Loopback)
            {
                continue;
            }

            var properties = card.GetIPProperties();
            if (properties.GatewayAddresses.Any(gateway => gateway.Address.AddressFamily == AddressFamily.InterNetwork && properties.UnicastAddresses.Count > 0))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Empty when it worked, else why not.</summary>
    private static string Run(string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        var complaint = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? "" : $"exit code {process.ExitCode} {complaint.Trim()}";
    }
}
