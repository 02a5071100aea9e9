using System.Globalization;
using System.Net;
using System.Text;
using Overlay.Ring;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Network;

/// <summary>Ports and hosts as users write them. A port is a channel's label: digits as a rule, any text of 1 … 65,535 bytes if need be.</summary>
internal static class Ports
{
    private const int MaxLabelBytes = 65_535; // RFC 8832 §5.1: the label's length is a 16-bit number.

    /// <summary>The label of a numbered port.</summary>
    public static string Of(int port)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(port);
        return port.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Refuses what no channel can be called.</summary>
    public static string Check(string port)
    {
        ArgumentException.ThrowIfNullOrEmpty(port);
        return Encoding.UTF8.GetByteCount(port) <= MaxLabelBytes ? port : throw new ArgumentException($"A port has at most {MaxLabelBytes} bytes.", nameof(port));
    }

    /// <summary>Whether the node itself is meant, whoever asks.</summary>
    public static bool IsLoopback(string host) => host.Equals(PeerAddress.LoopbackName, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether <paramref name="host"/> is an id or a guest's dotted quad, and not a name.</summary>
    public static bool IsAddress(string host) =>
        RingId.TryParse(host, out _) || (host.Count(static c => c == '.') == 3 && IPAddress.TryParse(host, out _));
}
