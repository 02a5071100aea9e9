using System.Diagnostics.CodeAnalysis;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Signalling;

/// <summary>A signal that was not answered yet.</summary>
/// <param name="from">Who sends it: this node, or the page that the hub speaks for.</param>
/// <param name="to">Whom it is for.</param>
/// <param name="nonce">The same for each try.</param>
/// <param name="json">The content.</param>
/// <param name="ways">Different ways there are to it, tried in turn.</param>
/// <param name="giveUpAt">The end of all tries.</param>
public sealed class PendingSignal(RingId from, RingId to, ulong nonce, ReadOnlyMemory<byte> json, int ways, Instant giveUpAt)
{
    /// <summary>How often each way may be answered with no before nobody is asked any more.</summary>
    private const int Rounds = 2;

    public RingId From => from;

    public RingId To => to;

    public ulong Nonce => nonce;

    public ReadOnlyMemory<byte> Json { get; internal set; } = json;

    /// <summary>The command that waits for it; default: none does.</summary>
    public RequestId Request { get; init; }

    /// <summary>Tries so far; the next one takes the way of this number.</summary>
    public int Tries { get; internal set; }

    /// <summary>Why the last way ended early.</summary>
    public DropReason Reason { get; internal set; }

    internal int Refusals { get; set; }

    internal ulong MessageId { get; set; }

    internal Instant DueAt { get; set; } = Instant.Never;

    internal Instant GiveUpAt => giveUpAt;

    internal ulong Order { get; set; }

    internal bool IsEnded { get; set; }

    internal int Ways => ways;

    /// <summary>Whether nobody is to be asked any more.</summary>
    public bool IsOver(Instant now) => giveUpAt <= now || Refusals >= ways * Rounds;

    /// <summary>How it ends where nobody took it.</summary>
    public Outcome Failure => Refusals >= ways * Rounds || (Refusals > 0 && Refusals == Tries) ? Outcome.Unreachable : Outcome.TimedOut;
}

/// <summary>Signals under way, at a member or for the pages of a hub: sent again another way until they are answered, for at most <see cref="Patience"/>.</summary>
/// <remarks>
/// <para>It sends nothing itself: whoever owns it takes what is due (<see cref="TryTakeDue"/>), sends or ends it, and says so (<see cref="Sent"/>, <see cref="End"/>).</para>
/// <para>Bounds: so many signals and so many bytes; one more is not taken.</para>
/// </remarks>
public sealed class SignalPost(int capacity, int maxBytes)
{
    /// <summary>All tries of a signal together.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How long a try may stay unanswered; the later ones longer.</summary>
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    /// <summary>Between two rounds in which every way said no.</summary>
    private static readonly TimeSpan RoundPause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<ulong, PendingSignal> _byNonce = [];
    private readonly Dictionary<ulong, PendingSignal> _byMessage = [];
    private readonly PriorityQueue<PendingSignal, (long Ticks, ulong Order)> _due = new();
    private ulong _order;
    private int _bytes;

    /// <summary>Signals that wait for an answer.</summary>
    public int Count => _byNonce.Count;

    /// <summary>When something may be due.</summary>
    public Instant NextDue => _due.TryPeek(out _, out var due) ? new Instant(due.Ticks, 0) : Instant.Never;

    /// <summary>Takes a signal, due at once. False where there is no room.</summary>
    public bool TryAdd(Instant now, PendingSignal signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        if (_byNonce.Count >= capacity || _bytes + signal.Json.Length > maxBytes || !_byNonce.TryAdd(signal.Nonce, signal))
        {
            return false;
        }

        signal.Order = ++_order; // What was given first goes first, also when it is sent again.
        _bytes += signal.Json.Length;
        Schedule(signal, now);
        return true;
    }

    /// <summary>The next signal that is to be sent, or is over (<see cref="PendingSignal.IsOver"/>).</summary>
    public bool TryTakeDue(Instant now, [MaybeNullWhen(false)] out PendingSignal signal)
    {
        while (_due.TryPeek(out signal, out var due) && due.Ticks <= now.Ticks)
        {
            _due.Dequeue();
            if (!signal.IsEnded && signal.DueAt.Ticks == due.Ticks)
            {
                return true;
            }
        }

        signal = null;
        return false;
    }

    /// <summary>A try is under way as message <paramref name="messageId"/>; 0: there was no way at the moment.</summary>
    public void Sent(Instant now, PendingSignal signal, ulong messageId)
    {
        ArgumentNullException.ThrowIfNull(signal);
        _byMessage.Remove(signal.MessageId);
        signal.MessageId = messageId;
        signal.Tries++;
        if (messageId != 0)
        {
            _byMessage[messageId] = signal;
        }

        Schedule(signal, now + (FirstWait * Math.Min(3, signal.Tries)));
    }

    /// <summary>Somebody on the way could not pass on the last try. True where it was one of these.</summary>
    public bool Refused(Instant now, ulong messageId, DropReason why)
    {
        if (messageId == 0 || !_byMessage.Remove(messageId, out var signal))
        {
            return false;
        }

        (signal.Reason, signal.MessageId) = (why, 0);
        Schedule(signal, ++signal.Refusals % signal.Ways == 0 && !signal.IsOver(now) ? now + RoundPause : now);
        return true;
    }

    /// <summary>The signal with this nonce.</summary>
    public bool TryFind(ulong nonce, [MaybeNullWhen(false)] out PendingSignal signal) => _byNonce.TryGetValue(nonce, out signal);

    /// <summary>The signal was answered, or is over.</summary>
    public void End(PendingSignal signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        if (_byNonce.Remove(signal.Nonce))
        {
            signal.IsEnded = true;
            _byMessage.Remove(signal.MessageId);
            _bytes -= signal.Json.Length;
            signal.Json = default; // It stays in the queue until its turn.
        }
    }

    /// <summary>Ends everything, or everything of one sender.</summary>
    public IReadOnlyList<PendingSignal> EndAll(RingId? of = null)
    {
        var ended = new List<PendingSignal>();
        foreach (var signal in _byNonce.Values)
        {
            if (of is null || signal.From == of)
            {
                ended.Add(signal);
            }
        }

        ended.ForEach(End);
        return ended;
    }

    private void Schedule(PendingSignal signal, Instant due)
    {
        signal.DueAt = Instant.Min(due, signal.GiveUpAt);
        _due.Enqueue(signal, (signal.DueAt.Ticks, signal.Order));
    }
}
