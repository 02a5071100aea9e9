using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Names;

/// <summary>How a command of the directory ended, or what became known of a watched or an own name.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Request">The command; of a watch, for every change.</param>
/// <param name="Outcome">Done, NameTaken, NameUnknown, Refused (no such name is possible, or no room), Busy, TimedOut or Cancelled.</param>
/// <param name="Name">The name.</param>
/// <param name="Entry">What is kept of it, where it is done, changed or lost.</param>
public readonly record struct NameResult(NameResultKind Kind, RequestId Request, Outcome Outcome, string Name, NameEntry? Entry);

/// <summary>What a <see cref="NameResult"/> is about.</summary>
public enum NameResultKind : byte
{
    /// <summary>A command ended.</summary>
    Ended,

    /// <summary>A watched name has another holder, or none (no entry).</summary>
    Changed,

    /// <summary>A name that had been registered belongs to another key.</summary>
    Lost,
}

/// <summary>Who asked a keeper, and how it is answered.</summary>
/// <param name="Id">The asker.</param>
/// <param name="Via">Its anchor, if it is no member.</param>
/// <param name="Link">The link by which the question came; default: from this node itself.</param>
public readonly record struct NameAsker(RingId Id, RingId? Via, LinkId Link);

/// <summary>An answer of a keeper, sent when the step settles.</summary>
public readonly record struct NameReply(NameAsker To, Payload Payload);

/// <summary>What became of a watched name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Entry">Who holds it now, with the fencing epoch; null: nobody.</param>
public sealed record NameChange(string Name, NameEntry? Entry);
