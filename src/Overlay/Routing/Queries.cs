using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Routing;

/// <summary>The application's questions to other nodes: who owns a key, what are your tables, and which way leads to a node. Each is asked at most twice.</summary>
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

    /// <summary>Asks the way to <paramref name="node"/>.</summary>
    public void Trace(Instant now, RequestId request, RingId node, TraceContext trace)
    {
        var nonce = context.NextNonce() | 1; // The second question has the next, so that an answer tells which one it is to.
        Begin(now, new Query(request, node, new TraceRoute(nonce) { Certificate = context.Self.Certificate }, nonce, MessageFlags.RecordRoute) { Trace = trace });
    }

    /// <summary>The way to a node, or as far as it led.</summary>
    public void Receive(Instant now, in Arrival arrival, TracedRoute answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        for (var i = 0; i < _pending.Count; i++)
        {
            var query = _pending[i];
            if (query.Question is not TraceRoute || answer.Nonce - query.Nonce > 1 || (answer.Reason == DropReason.None && arrival.From.Id != query.To))
            {
                continue;
            }

            var attempt = (int)(answer.Nonce - query.Nonce);
            End(i, Outcome.Done, new RouteTrace(query.To, arrival.From.Id, answer.Reason, now - query.AskedAt(attempt), attempt)
            {
                RouteOut = answer.Route,
                TrailOut = answer.Trail,
                RouteBack = arrival.Message.Route ?? [],
                TrailBack = [.. arrival.Message.Trail ?? [], new(context.Self.Id, context.Self.Id, RouteDecision.Local, false, null, LinkGauge.Unknown)],
                Context = arrival.Message.HopContext,
                Departed = answer.Departed is { } departed && departed.Id == query.To ? departed : null,
            });
            return;
        }
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
    public bool Receive(Instant now, RingId from, Unreachable unreachable)
    {
        ArgumentNullException.ThrowIfNull(unreachable);
        for (var i = 0; i < _pending.Count; i++)
        {
            var query = _pending[i];
            if (query.MessageId == unreachable.MessageId)
            {
                if (query.Question is TraceRoute)
                {
                    End(i, Outcome.Done, new RouteTrace(query.To, from, unreachable.Reason, now - query.LastAskedAt, query.Attempts - 1));
                }
                else if (unreachable.Reason == DropReason.Declined)
                {
                    End(i, Outcome.Refused, unreachable.Reason);
                }
                else if (_pending[i].RetryAt == Instant.Never)
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

    private void Ask(Instant now, Query query)
    {
        var question = query.Question is TraceRoute trace ? trace with { Nonce = query.Nonce + (ulong)query.Attempts } : query.Question;
        query.BeginAttempt(now);
        query.MessageId = courier.Send(now, new Letter(query.To, question) { Flags = query.Flags, HopContext = query.Trace }).MessageId;
    }

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

        /// <summary>The trace that it is part of.</summary>
        public TraceContext Trace { get; init; }

        /// <summary>Times that it was asked.</summary>
        public int Attempts { get; private set; }

        public Instant LastAskedAt { get; private set; }

        private Instant FirstAskedAt { get; set; }

        public Instant AskedAt(int attempt) => attempt == 0 ? FirstAskedAt : LastAskedAt;

        public void BeginAttempt(Instant now)
        {
            FirstAskedAt = Attempts == 0 ? now : FirstAskedAt;
            LastAskedAt = now;
            Attempts++;
        }
    }
}
