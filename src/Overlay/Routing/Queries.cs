using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Routing;

/// <summary>The application's questions to other nodes: who owns a key, and what are your tables. Each is asked at most twice.</summary>
public sealed class Queries(NodeContext context, Courier courier)
{
    private RareList<Query> _pending;

    /// <summary>When <see cref="Advance"/> has something to do.</summary>
    public Instant NextDue
    {
        get
        {
            var due = Instant.Never;
            foreach (var query in _pending)
            {
                due = Instant.Min(due, Instant.Min(query.RetryAt, query.Due));
            }

            return due;
        }
    }

    /// <summary>Questions that wait for an answer.</summary>
    public int Count => _pending.Count;

    /// <summary>Asks who is responsible for <paramref name="key"/>.</summary>
    public void FindOwner(Instant now, RequestId request, RingId key)
    {
        var nonce = context.NextNonce();
        Begin(now, new Query(request, key, new FindOwner(nonce, LookupPurpose.Application) { Certificate = context.Self.Certificate }, nonce, MessageFlags.Responsible));
    }

    /// <summary>Asks <paramref name="node"/> for its tables.</summary>
    public void GetState(Instant now, RequestId request, RingId node)
    {
        var nonce = context.NextNonce();
        Begin(now, new Query(request, node, new GetState(nonce), nonce, MessageFlags.None));
    }

    /// <summary>An answer. True where a question with <paramref name="nonce"/> was out: the payload is its result.</summary>
    public bool Receive(RingId from, ulong nonce, Payload answer)
    {
        for (var i = 0; i < _pending.Count; i++)
        {
            var query = _pending[i];
            var fits = answer is Owner ? query.Question is FindOwner : query.Question is GetState && query.To == from;
            if (query.Nonce == nonce && fits)
            {
                End(i, Outcome.Done, answer);
                return true;
            }
        }

        return false;
    }

    /// <summary>Somebody could not pass on a message of this node. True where it was a question.</summary>
    public bool Receive(Unreachable unreachable)
    {
        ArgumentNullException.ThrowIfNull(unreachable);
        for (var i = 0; i < _pending.Count; i++)
        {
            if (_pending[i].MessageId == unreachable.MessageId)
            {
                if (_pending[i].RetryAt == Instant.Never)
                {
                    End(i, Outcome.Unreachable, unreachable.Reason);
                }

                return true;
            }
        }

        return false;
    }

    /// <summary>Time passed: second questions, and ends.</summary>
    public void Advance(Instant now)
    {
        for (var i = _pending.Count - 1; i >= 0; i--)
        {
            var query = _pending[i];
            if (query.Due <= now)
            {
                End(i, Outcome.TimedOut, null);
            }
            else if (query.RetryAt <= now)
            {
                query.RetryAt = Instant.Never;
                Ask(now, query);
            }
        }
    }

    /// <summary>The node is leaving.</summary>
    public void CancelAll()
    {
        while (_pending.Count > 0)
        {
            End(_pending.Count - 1, Outcome.Cancelled, null);
        }
    }

    private void Begin(Instant now, Query query)
    {
        query.Due = now + context.Options.ReceiptTimeout;
        query.RetryAt = now + context.Options.SecondTryAfter;
        _pending.Add(query);
        Ask(now, query);
    }

    private void Ask(Instant now, Query query) =>
        query.MessageId = courier.Send(now, new Letter(query.To, query.Question) { Flags = query.Flags }).MessageId;

    private void End(int at, Outcome outcome, object? result)
    {
        var request = _pending[at].Request;
        _pending.RemoveAt(at);
        context.Outbox.Completed(request, outcome, result);
    }

    private sealed class Query(RequestId request, RingId to, Payload question, ulong nonce, MessageFlags flags)
    {
        public RequestId Request { get; } = request;

        public RingId To { get; } = to;

        public Payload Question { get; } = question;

        public ulong Nonce { get; } = nonce;

        public MessageFlags Flags { get; } = flags;

        public ulong MessageId { get; set; }

        public Instant Due { get; set; }

        public Instant RetryAt { get; set; }
    }
}
