using Overlay.Effects;
using Overlay.Ring;

namespace Overlay.Broadcast;

/// <summary>A broadcast that came to this node.</summary>
/// <param name="Origin">Who sent it: its signature was verified.</param>
/// <param name="Bytes">What was sent.</param>
/// <param name="Depth">Hops it took.</param>
public sealed record BroadcastMessage(RingId Origin, ReadOnlyMemory<byte> Bytes, byte Depth);

/// <summary>What became of a broadcast of this node.</summary>
/// <param name="Reached">Members that have it, as far as they were reported. While members come and go a few may be missing, or be counted twice.</param>
/// <param name="Forwards">Messages that this node sent for it.</param>
public readonly record struct BroadcastReport(int Reached, int Forwards);

/// <summary>How a command ended.</summary>
/// <param name="Request">The command.</param>
/// <param name="Outcome">Done; TimedOut: some part never reported; TooLarge; Busy: over the quota, or too many under way.</param>
/// <param name="Report">How far it came.</param>
public readonly record struct BroadcastResult(RequestId Request, Outcome Outcome, BroadcastReport Report);
