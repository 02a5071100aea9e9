using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Ice;

/// <summary>The USERNAME of a check: "receiver's fragment:sender's fragment" (RFC 8445 §7.2.2).</summary>
public static class IceUsername
{
    private const byte Colon = (byte)':';

    /// <summary>
    /// The receiver's fragment in a check that just came in, by which a host with one socket finds the connection it is for.
    /// False when the datagram is no connectivity check. Nothing is authenticated here.
    /// </summary>
    public static bool TryGetReceiverUfrag(ReadOnlySpan<byte> datagram, out ReadOnlySpan<byte> ufrag)
    {
        ufrag = default;
        return StunMessage.TryRead(datagram, out var message)
            && message.Class == StunClass.Request
            && TrySplit(message.Username, out ufrag, out _);
    }

    internal static bool TrySplit(ReadOnlySpan<byte> username, out ReadOnlySpan<byte> receiver, out ReadOnlySpan<byte> sender)
    {
        var colon = username.IndexOf(Colon);
        receiver = colon < 0 ? default : username[..colon];
        sender = colon < 0 ? default : username[(colon + 1)..];
        return colon > 0;
    }
}
