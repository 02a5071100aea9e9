using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

//   page → hub (JSON);  hub, for its guest → GuestSignal → gateway → … → member;                       member → GuestAnswer → … → gateway → hub
//   member → GuestSignal → … → who answers for the slot key (hub, address mod 8) → hub → page (JSON);  hub, for its guest → GuestAnswer → gateway → … → member

/// <summary>
/// <c>[to (bin 6), nonce, certificate | nil, json (bin)]</c>: one JSON value of Smoke's signalling for a page or from one. With a page as source the hub signs for it and
/// there is no certificate; a member shows its own.
/// </summary>
/// <param name="To">Whom it is for; the envelope's destination is the ring key of a gateway slot where that is a guest.</param>
/// <param name="Nonce">Repeated by the answer, and the same each time the signal is sent.</param>
/// <param name="Certificate">The source's.</param>
/// <param name="Json">One JSON value in UTF-8, at most <see cref="MaxJsonBytes"/>.</param>
public sealed record GuestSignal(RingId To, ulong Nonce, NodeCertificate? Certificate, ReadOnlyMemory<byte> Json) : Payload
{
    /// <summary>Bytes of the JSON value: what <see cref="Message.MaxBytes"/> leaves after envelope, certificate and signature.</summary>
    public const int MaxJsonBytes = 60 * 1024;

    public override MessageKind Kind => MessageKind.GuestSignal;
}

/// <summary>What became of a <see cref="GuestSignal"/> where it was to go.</summary>
public enum GuestOutcome : byte
{
    /// <summary>The page's socket, or the member's application, has it.</summary>
    Taken,

    /// <summary>No page has that address at its hub.</summary>
    Gone,

    /// <summary>It gets too many at the moment.</summary>
    Full,
}

/// <summary><c>[nonce, outcome, certificate | nil]</c>: signed by the member that the signal was for, or by the hub for its page.</summary>
public sealed record GuestAnswer(ulong Nonce, GuestOutcome Outcome, NodeCertificate? Certificate) : Payload
{
    public override MessageKind Kind => MessageKind.GuestAnswer;
}
