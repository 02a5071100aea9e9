using System.Globalization;

namespace Overlay.Identity;

/// <summary>Names a network: the first 8 bytes of the SHA-256 of its hub's public key. A certificate's audience.</summary>
public readonly record struct NetworkId(ulong Value)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Bytes = 8;

    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
