using System.Globalization;
using System.Net;

namespace Overlay.Nodes.Http;

/// <summary>A port of a node, as an endpoint of Kestrel's.</summary>
/// <remarks>HTTP has labels of its own (<c>http:80</c>), so that it does not meet Smoke's REST, which has the bare numbers.</remarks>
public sealed class OverlayEndPoint : EndPoint, IEquatable<OverlayEndPoint>
{
    /// <summary>What the label of a port for HTTP begins with.</summary>
    public const string HttpPrefix = "http:";

    /// <summary>The port of <c>http://NAME.overlay/</c>.</summary>
    public const int DefaultPort = 80;

    /// <summary>A numbered port for HTTP.</summary>
    /// <param name="port">1 … 65,535.</param>
    public OverlayEndPoint(int port = DefaultPort)
        : this(LabelOf(port))
    {
    }

    /// <summary>A numbered port for HTTP, of a node that runs already.</summary>
    /// <param name="node">The node; it must live for as long as the server.</param>
    /// <param name="port">1 … 65,535.</param>
    public OverlayEndPoint(Node node, int port = DefaultPort)
        : this(port)
    {
        ArgumentNullException.ThrowIfNull(node);
        On = HttpNode.Of(node);
    }

    /// <summary>Any port, for servers that speak something else than HTTP (<c>ListenOptions.UseConnectionHandler</c>).</summary>
    /// <param name="label">The channel's label.</param>
    public OverlayEndPoint(string label) => Label = Network.Ports.Check(label);

    /// <summary>The label of the channels that lead here.</summary>
    public string Label { get; }

    /// <summary>The node that listens; null: the host's.</summary>
    internal HttpNode? On { get; init; }

    /// <summary>Where a port speaks two protocols, this endpoint's part of it.</summary>
    internal SharedPort? Shared { get; init; }

    /// <summary>Which part.</summary>
    internal bool IsHttp2 { get; init; }

    /// <summary>What is written before the port: a node's name or id, where it is known.</summary>
    internal string? Host { get; init; }

    /// <summary>The label of a numbered port for HTTP.</summary>
    public static string LabelOf(int port)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        return HttpPrefix + port.ToString(CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public bool Equals(OverlayEndPoint? other) =>
        other is not null && Label == other.Label && On == other.On && Shared == other.Shared && IsHttp2 == other.IsHttp2 && Host == other.Host;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as OverlayEndPoint);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Label, IsHttp2, Host);

    /// <summary><c>alice.overlay:80</c>, or <c>overlay:80</c> as long as the node is not known.</summary>
    public override string ToString()
    {
        var host = Host is null ? "overlay" : Host + OverlayHosts.Suffix;
        return $"{host}:{(Label.StartsWith(HttpPrefix, StringComparison.Ordinal) ? Label[HttpPrefix.Length..] : Label)}";
    }
}
