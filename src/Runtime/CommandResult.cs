namespace Overlay.Runtime;

/// <summary>How a command ended, with its result.</summary>
internal readonly record struct CommandResult(Outcome Outcome, object? Value)
{
    /// <summary>The result, or the typed exception that says what failed and what to do.</summary>
    public T As<T>(string what)
        where T : class
    {
        Check(what);
        return Value as T ?? throw new OverlayException(Outcome, $"{what} brought no result.");
    }

    /// <summary>Throws unless the command is done.</summary>
    public void Check(string what)
    {
        if (Outcome != Outcome.Done)
        {
            throw new OverlayException(Outcome, $"{what} failed: {Explain()}", Value is DropReason drop ? drop : DropReason.None);
        }
    }

    private string Explain() => Outcome switch
    {
        Outcome.Unreachable when Value is DropReason.GuestGone => "no page has that address now: it has closed its connection with the hub, or never was there.",
        Outcome.Unreachable => "nobody with that id is in the network. Check the id, or whether that node is running.",
        Outcome.TimedOut => "no answer came in time. Try again; the network may be repairing itself.",
        Outcome.TooLarge => "the message is larger than 64 KiB with its envelope. Send it in parts.",
        Outcome.NotJoined => "this node is not in the network.",
        Outcome.Busy => "too many commands wait already. Wait for some of them.",
        Outcome.NameTaken => "the name belongs to another node. Choose another name.",
        Outcome.NameUnknown => "nobody has registered that name.",
        Outcome.Refused when Value is DropReason.Declined => "that node does not answer diagnostics (AnswersDiagnostics).",
        Outcome.Refused => Value is LinkFailure failure ? $"refused ({failure})." : "refused: not a name (1 … 63 letters, digits, '-', '_' or '.'), or the other side is full.",
        _ => $"{Outcome}.",
    };
}
