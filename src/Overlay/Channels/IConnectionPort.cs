using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Channels;

/// <summary>What <see cref="Connections"/> asks of its node.</summary>
public interface IConnectionPort
{
    /// <summary>The node itself.</summary>
    Contact Self { get; }

    /// <summary>16 bytes that nobody can guess.</summary>
    UInt128 NextConnectionNonce();

    /// <summary>Sends to exactly <paramref name="to"/>, routed and signed; returns the message's id.</summary>
    ulong SendSigned(Instant now, RingId to, Payload payload);
}
