using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Ice;

/// <summary>What an answer to a check says.</summary>
internal enum AnswerKind : byte
{
    /// <summary>Where the check came from.</summary>
    Success,

    /// <summary>487: you claim the role that is mine (RFC 8445 §7.3.1.1).</summary>
    RoleConflict,

    /// <summary>420: the request holds mandatory attributes we do not know (RFC 8489 §6.3.1).</summary>
    UnknownAttribute,
}

/// <summary>An answer to an authenticated request, kept as values until the host fetches it.</summary>
internal readonly record struct PendingAnswer(
    PathId Path, TransportAddress Remote, StunTransactionId Transaction, AnswerKind Kind, bool IsForPreviousGeneration, ushort UnknownType);

/// <summary>A bounded queue of answers. A full one refuses: the other side retransmits.</summary>
internal sealed class AnswerQueue(int capacity)
{
    private readonly Queue<PendingAnswer> _answers = new();

    public bool IsEmpty => _answers.Count == 0;

    public bool TryAdd(in PendingAnswer answer)
    {
        if (_answers.Count >= capacity)
        {
            return false;
        }

        _answers.Enqueue(answer);
        return true;
    }

    public bool TryTake(out PendingAnswer answer) => _answers.TryDequeue(out answer);

    public void Clear() => _answers.Clear();
}
