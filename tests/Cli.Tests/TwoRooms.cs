using System.Diagnostics;

namespace Overlay.Cli.Tests;

/// <summary>Two network namespaces with one address each, joined by a bridge in a third, that can be cut from each other and joined again while all cards stay up.</summary>
/// <remarks>Takes root and iproute2; without them the test is skipped.</remarks>
internal sealed class TwoRooms : IDisposable
{
    private static int _last;
    private readonly string _left;
    private readonly string _right;
    private readonly string _between;

    private TwoRooms(string name) => (_left, _right, _between) = ($"{name}l", $"{name}r", $"{name}b");

    public IReadOnlyList<string> Left => ["ip", "netns", "exec", _left];

    public IReadOnlyList<string> Right => ["ip", "netns", "exec", _right];

    public static string LeftAddress => "10.213.78.1";

    public static string RightAddress => "10.213.78.2";

    public static TwoRooms Enter()
    {
        var rooms = new TwoRooms($"ov{Environment.ProcessId}x{Interlocked.Increment(ref _last)}");
        try
        {
            rooms.Furnish();
            return rooms;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            rooms.Dispose();
            Assert.Skip($"Network namespaces cannot be made here (root and iproute2 are needed): {e.Message}");
            throw;
        }
    }

    /// <summary>Nothing passes between the rooms any more.</summary>
    public void Cut() => Isolate("on");

    /// <summary>Everything passes again.</summary>
    public void Heal() => Isolate("off");

    public void Dispose()
    {
        foreach (var name in (string[])[_left, _right, _between])
        {
            try
            {
                Run("ip", "netns", "delete", name);
            }
            catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // It was never made.
            }
        }
    }

    private static void Run(string tool, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        var complaint = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)}: {complaint.Trim()}");
        }
    }

    private void Furnish()
    {
        foreach (var name in (string[])[_left, _right, _between])
        {
            Run("ip", "netns", "add", name);
            Run("ip", "-n", name, "link", "set", "lo", "up");
        }

        Run("ip", "-n", _between, "link", "add", "name", "sw0", "type", "bridge");
        Run("ip", "-n", _between, "link", "set", "sw0", "up");
        foreach (var (room, address, port) in new[] { (_left, LeftAddress, "left"), (_right, RightAddress, "right") })
        {
            Run("ip", "-n", room, "link", "add", "name", "card", "type", "veth", "peer", "name", port, "netns", _between);
            Run("ip", "-n", _between, "link", "set", port, "master", "sw0");
            Run("ip", "-n", _between, "link", "set", port, "up");
            Run("ip", "-n", room, "address", "add", $"{address}/24", "dev", "card");
            Run("ip", "-n", room, "link", "set", "card", "up");
        }
    }

    private void Isolate(string state)
    {
        foreach (var port in (string[])["left", "right"])
        {
            Run("bridge", "-n", _between, "link", "set", "dev", port, "isolated", state);
        }
    }
}
