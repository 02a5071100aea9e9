using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Runtime.Diagnostics;

/// <summary>What came of asking one node for its tables.</summary>
/// <param name="Id">The node that was asked.</param>
/// <param name="State">Its answer; null where none came.</param>
/// <param name="Outcome"><see cref="Outcome.Done"/>, or why there is no answer: somebody's table still names a node that is gone, or one that cannot be reached.</param>
/// <param name="Took">From the question to the answer, or to giving up.</param>
public readonly record struct MemberState(RingId Id, State? State, Outcome Outcome, TimeSpan Took);
