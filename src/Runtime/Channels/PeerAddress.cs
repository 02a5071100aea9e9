using Overlay.Ring;

namespace Overlay.Runtime.Channels;

/// <summary>Who is at the other end of a channel, and how sure that is.</summary>
/// <param name="Text">As users write it: <c>localhost</c>, 12 hexadecimal digits, or a dotted quad.</param>
/// <param name="Id">The id; for a guest its guest id, for <c>localhost</c> the node's own.</param>
/// <param name="Proof">How the other side showed that it is <paramref name="Id"/>.</param>
public readonly record struct PeerAddress(string Text, RingId Id, PeerProof Proof)
{
    /// <summary>The node itself.</summary>
    public const string LoopbackName = "localhost";

    /// <summary>The node itself, under its own id.</summary>
    public static PeerAddress Loopback(RingId self) => new(LoopbackName, self, PeerProof.Self);

    /// <summary>A member that has proved its id with its certificate's key.</summary>
    public static PeerAddress Member(RingId id) => new(id.ToString(), id, PeerProof.Key);

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>How the other end of a channel showed who it is.</summary>
public enum PeerProof : byte
{
    /// <summary>It is this node.</summary>
    Self,

    /// <summary>It signed the set-up with the key of its certificate, and DTLS runs with the fingerprint it signed.</summary>
    Key,

    /// <summary>Its hub says so: a page has no key.</summary>
    Vouched,
}
