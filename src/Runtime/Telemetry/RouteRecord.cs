using System.Runtime.InteropServices;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Runtime.Telemetry;

/// <summary>What became of one message of others at this node.</summary>
/// <param name="At">When it left, or ended.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Source">Whose it is.</param>
/// <param name="Target">Where it is to go: a node, an anchor or a key.</param>
/// <param name="MessageId">Its number at its source.</param>
/// <param name="Next">To whom it went from here; none where it ended.</param>
/// <param name="Held">From the arrival of its last bytes until then.</param>
/// <param name="HopsLeft">Links that it might still cross.</param>
/// <param name="IsMisrouted">It goes another way than the straight one: a link had died under it, or the ring is torn where it is to go.</param>
/// <param name="Drop">Why it ended here; none where it went on.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RouteRecord(
    Instant At, MessageKind Kind, RingId Source, RingId Target, ulong MessageId, RingId Next, TimeSpan Held, byte HopsLeft, bool IsMisrouted, DropReason Drop);
