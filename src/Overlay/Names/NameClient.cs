using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Names;

/// <summary>What a node wants of others' directories: its own names registered and refreshed, names resolved and watched.</summary>
/// <remarks>A question without an answer is asked again each <see cref="OverlayOptions.QueryTimeout"/>; a command gives up after
/// <see cref="OverlayOptions.ReceiptTimeout"/>, a refresh and a watch never.</remarks>
internal sealed partial class NameClient(OverlayOptions options, INodePort port, ISigning signing, NameStore store, Prng prng)
{
    /// <summary>
    /// A keeper that says that a name of this node's is another's may itself have heard of that other only: while rings merge, arcs move sooner than copies, and the dispute
    /// is decided when both have come together. So it is asked so often before it is believed.
    /// </summary>
    private const int MaxDoubts = 2;
    private static readonly TimeSpan DoubtPause = TimeSpan.FromSeconds(5);

    private readonly List<OwnName> _own = [];
    private readonly List<Question> _questions = [];
    private readonly Queue<NameResult> _results = new(0);
    private Prng _prng = prng;
    private long _lastSequence; // Of all names: one that is given up and registered anew must not begin below its last record.

    public Instant NextDue
    {
        get
        {
            var due = Instant.Never;
            foreach (var name in _own)
            {
                due = Instant.Min(due, name.DueAt);
            }

            foreach (var question in _questions)
            {
                due = Instant.Min(due, question.DueAt);
            }

            foreach (var watch in _watches)
            {
                due = Instant.Min(due, watch.DueAt);
            }

            return due;
        }
    }

    /// <summary>Takes the next result, in the order they came about.</summary>
    public bool TryTakeResult(out NameResult result) => _results.TryDequeue(out result);

    public void Register(Instant now, RequestId request, string name)
    {
        if (!TryNormalize(request, name, out var normal))
        {
            return;
        }

        var own = _own.Find(one => one.Name == normal);
        if (own is null && _own.Count == NameDirectory.MaxOwnNames)
        {
            End(request, Outcome.Busy, normal);
            return;
        }

        if (own is null)
        {
            _own.Add(own = new(normal));
        }

        Begin(now, own, request, isGivenUp: false);
    }

    /// <summary>Gives a name up; done when its keeper and a majority of the replicas know.</summary>
    public void Unregister(Instant now, RequestId request, string name)
    {
        if (!TryNormalize(request, name, out var normal))
        {
            return;
        }

        if (_own.Find(one => one.Name == normal) is { } own)
        {
            Begin(now, own, request, isGivenUp: true);
        }
        else
        {
            End(request, Outcome.NameUnknown, normal);
        }
    }

    public void Resolve(Instant now, RequestId request, string name)
    {
        if (!TryNormalize(request, name, out var normal))
        {
            return;
        }

        if (_questions.Count == NameDirectory.MaxQuestions)
        {
            End(request, Outcome.Busy, normal);
            return;
        }

        var question = new Question(request, normal, NextNonce(), now + options.ReceiptTimeout);
        _questions.Add(question);
        Ask(now, question);
    }

    /// <summary>Takes the names of a leaver: each with the record that gives it up.</summary>
    public List<NameRecord> Release()
    {
        var records = new List<NameRecord>(_own.Count);
        foreach (var own in _own)
        {
            Complete(own, Outcome.Cancelled);
            records.Add(NameRecordSecurity.Sign(signing, own.Name, port.Self.Certificate, port.Self.Instance, ++_lastSequence, expiresAt: 0));
        }

        _own.Clear();
        _watches.Clear();
        return records;
    }

    /// <summary>The keeper of an own name answered.</summary>
    public void OnRecordStored(Instant now, RecordStored answer)
    {
        var own = _own.Find(one => one.Nonce == answer.Nonce && !one.IsStored);
        if (own is null || answer.Outcome == Outcome.Busy || (answer.Outcome == Outcome.Done && answer.Tenancy is null))
        {
            return; // Asked again in a while.
        }

        if (answer.Outcome == Outcome.Done)
        {
            own.Tenancy = answer.Tenancy;
            (own.IsStored, own.DueAt, own.Doubts) = (true, own.SentAt + options.NameRefreshPeriod, 0);
            own.DueAt = own.DueAt < now ? now : own.DueAt;
            Complete(own, Outcome.Done);
        }
        else if (own.Request is not null && !own.WasStored)
        {
            Complete(own, answer.Outcome == Outcome.NameTaken ? Outcome.NameTaken : Outcome.Refused);
            _own.Remove(own);
            return;
        }
        else if (answer.Outcome == Outcome.NameTaken && own is { Request: null, IsGivenUp: false } && own.Doubts < MaxDoubts)
        {
            (own.IsStored, own.DueAt, own.Doubts) = (true, now + DoubtPause, own.Doubts + 1); // Sooner where the keeper tells of its verdict.
        }
        else if (answer.Outcome == Outcome.NameTaken)
        {
            Lose(own);
        }

        if (own.IsGivenUp && own.Request is null)
        {
            _own.Remove(own);
        }
    }

    /// <summary>An entry, or the news that there is none. One that is not true is no answer.</summary>
    public void OnRecord(Instant now, RecordAnswer answer)
    {
        var question = _questions.Find(one => one.Nonce == answer.Nonce);
        if (question is null || !IsAnswer(now, question.Name, answer.Entry))
        {
            return;
        }

        _questions.Remove(question);
        _results.Enqueue(new(NameResultKind.Ended, question.Request, answer.Entry is null ? Outcome.NameUnknown : Outcome.Done, question.Name, answer.Entry));
    }

    /// <summary>Somebody says that a name has changed: no more than a reason to ask its keeper, once a second at the most.</summary>
    public void OnNameChanged(Instant now, string name)
    {
        if (_own.Find(one => one.Name == name) is { IsStored: true } own)
        {
            own.DueAt = Instant.Min(own.DueAt, LaterOf(now, own.SentAt + HintPause));
        }

        if (_watches.Find(one => one.Name == name) is { IsAnswered: true } watch)
        {
            watch.DueAt = Instant.Min(watch.DueAt, LaterOf(now, watch.SentAt + HintPause));
        }
    }

    /// <summary>Time passed: refreshes, asks again, gives up.</summary>
    public void Advance(Instant now)
    {
        for (var i = _own.Count - 1; i >= 0; i--)
        {
            AdvanceOwn(now, _own[i]);
        }

        for (var i = _questions.Count - 1; i >= 0; i--)
        {
            var question = _questions[i];
            if (question.GiveUpAt <= now)
            {
                _questions.RemoveAt(i);
                End(question.Request, Outcome.TimedOut, question.Name);
            }
            else if (question.DueAt <= now)
            {
                Ask(now, question);
            }
        }

        AdvanceWatches(now);
    }

    private void Begin(Instant now, OwnName own, RequestId request, bool isGivenUp)
    {
        if (own.Request is { } earlier)
        {
            End(earlier, Outcome.Cancelled, own.Name); // The later command takes over.
        }

        (own.Request, own.GiveUpAt, own.IsGivenUp) = (request, now + options.ReceiptTimeout, isGivenUp);
        Put(now, own);
    }

    private void AdvanceOwn(Instant now, OwnName own)
    {
        if (own.Request is not null && own.GiveUpAt <= now)
        {
            Complete(own, Outcome.TimedOut);
            if (!own.WasStored || own.IsGivenUp)
            {
                _own.Remove(own); // A command that failed leaves nothing behind: what half arrived is given up.
                var record = NameRecordSecurity.Sign(signing, own.Name, port.Self.Certificate, port.Self.Instance, ++_lastSequence, expiresAt: 0);
                port.SendToResponsible(now, NodeName.KeyOf(own.Name), new PutRecord(NextNonce(), record));
                return;
            }
        }

        if (own.DueAt <= now)
        {
            Put(now, own);
        }
    }

    private void Put(Instant now, OwnName own)
    {
        var self = port.Self;
        var expiresAt = own.IsGivenUp ? 0 : now.UnixMilliseconds + (store.Life.Ticks / TimeSpan.TicksPerMillisecond);
        own.Record = NameRecordSecurity.Sign(signing, own.Name, self.Certificate, self.Instance, ++_lastSequence, expiresAt);
        if (own.IsStored || own.Nonce == 0)
        {
            own.Nonce = NextNonce(); // Kept over repetitions: an answer to any of them counts.
        }

        (own.IsStored, own.SentAt, own.DueAt) = (false, now, now + options.QueryTimeout);
        port.SendToResponsible(now, NodeName.KeyOf(own.Name), new PutRecord(own.Nonce, own.Record));
    }

    private void Ask(Instant now, Question question)
    {
        question.DueAt = Instant.Min(question.GiveUpAt, now + options.QueryTimeout);
        port.SendToResponsible(now, NodeName.KeyOf(question.Name), new GetRecord(question.Nonce, question.Name));
    }

    private void Lose(OwnName own)
    {
        Complete(own, Outcome.NameTaken);
        if (!own.IsGivenUp)
        {
            _results.Enqueue(new(NameResultKind.Lost, default, Outcome.NameTaken, own.Name, own.Entry)); // Another key has it now.
        }

        _own.Remove(own);
    }

    private void Complete(OwnName own, Outcome outcome)
    {
        own.WasStored |= outcome == Outcome.Done;
        if (own.Request is { } request)
        {
            own.Request = null;
            _results.Enqueue(new(NameResultKind.Ended, request, outcome, own.Name, outcome == Outcome.Done ? own.Entry : null));
        }
    }

    private void End(RequestId request, Outcome outcome, string name) => _results.Enqueue(new(NameResultKind.Ended, request, outcome, name, null));

    private bool TryNormalize(RequestId request, string name, out string normal)
    {
        var isName = NodeName.TryNormalize(name, out normal);
        if (!isName)
        {
            End(request, Outcome.Refused, name);
        }

        return isName;
    }

    /// <summary>Whether an answer about a name can be believed.</summary>
    private bool IsAnswer(Instant now, string name, NameEntry? entry) =>
        entry is null || (entry.Record.Name == name && entry.Record.ExpiresAt != 0 && store.IsTrue(now, entry.Record) && store.IsTrue(now, entry));

    private ulong NextNonce() => Math.Max(1, _prng.Next());

    private static Instant LaterOf(Instant one, Instant other) => one > other ? one : other;

    private sealed class OwnName(string name)
    {
        public string Name => name;

        public NameRecord? Record { get; set; }

        public NameTenancy? Tenancy { get; set; }

        public NameEntry? Entry => Record is not null && Tenancy is not null ? new(Record, Tenancy) : null;

        public ulong Nonce { get; set; }

        /// <summary>Whether the last put was confirmed.</summary>
        public bool IsStored { get; set; }

        /// <summary>Whether any was.</summary>
        public bool WasStored { get; set; }

        /// <summary>Times in a row that it was said to be another's.</summary>
        public int Doubts { get; set; }

        /// <summary>Its owner does not want it any more.</summary>
        public bool IsGivenUp { get; set; }

        public Instant SentAt { get; set; }

        public Instant DueAt { get; set; }

        public RequestId? Request { get; set; }

        public Instant GiveUpAt { get; set; }
    }

    private sealed class Question(RequestId request, string name, ulong nonce, Instant giveUpAt)
    {
        public RequestId Request => request;

        public string Name => name;

        public ulong Nonce => nonce;

        public Instant GiveUpAt => giveUpAt;

        public Instant DueAt { get; set; }
    }
}
