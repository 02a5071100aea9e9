using Overlay.Effects;
using Overlay.Messages;

namespace Overlay.Names;

/// <summary>How a command of the directory ended.</summary>
/// <param name="Request">The command; 0 where a name was lost that had been registered, <see cref="Outcome"/> being <see cref="Outcome.NameTaken"/>.</param>
/// <param name="Outcome">Done, NameTaken, NameUnknown, Refused (no such name is possible, or no room), Busy or TimedOut.</param>
/// <param name="Record">The record, where it is done or lost.</param>
public readonly record struct NameResult(RequestId Request, Outcome Outcome, NameRecord? Record);
