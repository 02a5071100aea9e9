using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Overlay.Interop.Tests.Peers;

/// <summary>A place with an address and a default route, which is what Chromium wants before it has a candidate; it never uses loopback.</summary>
/// <remarks>
/// Normally the machine itself is such a place. Where it has no default route, a network namespace with a pair of virtual cards becomes one;
/// that takes root and iproute2. Browser and peer processes then run inside; the other card is outside, and this process is reached there.
/// </remarks>
internal sealed class NetworkRoom : IDisposable
{
    private static int _made;

    private readonly string? _name;

    private NetworkRoom(string? name, IPAddress hostAddress) => (_name, HostAddress) = (name, hostAddress);

    /// <summary>Where those outside, such as this process, are reached by those inside.</summary>
    public IPAddress HostAddress { get; }

    /// <summary>What a command line begins with to run inside.</summary>
    public IReadOnlyList<string> Prefix => _name is null ? [] : ["ip", "netns", "exec", _name];

    /// <summary>Finds or makes the place. Skips the test where neither works.</summary>
    public static NetworkRoom Enter()
    {
        if (Environment.GetEnvironmentVariable("OVERLAY_TEST_NAMESPACE") != "1" && AddressOfDefaultRoute() is { } own)
        {
            return new NetworkRoom(null, own);
        }

        Tool.Require("ip");
        var number = Interlocked.Increment(ref _made);
        var name = $"overlay-{Environment.ProcessId}-{number}";
        var outside = $"ov{Environment.ProcessId}-{number}";
        var subnet = $"10.213.{(Environment.ProcessId + number) % 256}";
        var room = new NetworkRoom(name, IPAddress.Parse($"{subnet}.1"));
        string[][] commands =
        [
            ["netns", "add", name],
            ["-n", name, "link", "set", "lo", "up"],
            ["link", "add", outside, "type", "veth", "peer", "name", "inside", "netns", name],
            ["address", "add", $"{subnet}.1/24", "dev", outside],
            ["link", "set", outside, "up"],
            ["-n", name, "address", "add", $"{subnet}.2/24", "dev", "inside"],
            ["-n", name, "link", "set", "inside", "up"],
            ["-n", name, "route", "add", "default", "via", $"{subnet}.1"],
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

    private static IPAddress? AddressOfDefaultRoute()
    {
        foreach (var card in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (card.OperationalStatus != OperationalStatus.Up || card.NetworkInterfaceType == NetworkInterfaceType.Loopback)
            {
                continue;
            }

            var properties = card.GetIPProperties();
            if (properties.GatewayAddresses.Any(gateway => gateway.Address.AddressFamily == AddressFamily.InterNetwork)
                && properties.UnicastAddresses.Select(unicast => unicast.Address).FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork) is { } own)
            {
                return own;
            }
        }

        return null;
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
