using System.Globalization;
using System.Net;

namespace Overlay.Status;

/// <summary>Where a status page is served: <c>:8090</c> is this machine only; any other address is written out.</summary>
/// <param name="Address">The address; null: loopback, by IPv4 and IPv6.</param>
/// <param name="Port">The port; 0 takes a free one.</param>
public sealed record StatusAddress(IPAddress? Address, int Port)
{
    /// <summary>How one is written, for messages.</summary>
    public const string Form = "Write :PORT for this machine only, or ADDRESS:PORT, such as 0.0.0.0:8090 for everybody who reaches it.";

    /// <summary>Whether only this machine reaches it.</summary>
    public bool IsLoopback => Address is null || IPAddress.IsLoopback(Address);

    /// <summary>Reads <c>:8090</c>, <c>localhost:8090</c>, <c>127.0.0.1:0</c> or <c>[::1]:8090</c>.</summary>
    public static bool TryParse(string? text, out StatusAddress address)
    {
        address = new(null, 0);
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon < 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > ushort.MaxValue)
        {
            return false;
        }

        var host = text![..colon];
        if (host is "" or "localhost")
        {
            address = new(null, port);
            return true;
        }

        var isBracketed = host.StartsWith('[') && host.EndsWith(']');
        if (!IPAddress.TryParse(isBracketed ? host[1..^1] : host, out var ip) || isBracketed != (ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6))
        {
            return false;
        }

        address = new(ip, port);
        return true;
    }

    public override string ToString() => Address is null
        ? string.Create(CultureInfo.InvariantCulture, $"localhost:{Port}")
        : new IPEndPoint(Address, Port).ToString();
}
