using Overlay.Chord;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Names;

/// <summary>Names in the overlay: registers the node's own and refreshes them, resolves others', and keeps the records whose keys lie in the node's arc.</summary>
/// <remarks>
/// <code>
/// owner  → PutRecord(record) → … → keeper, the member responsible for SHA-256(name);   keeper → RecordStored → owner     every refresh period
/// asker  → GetRecord(name)   → … → keeper;                                             keeper → Record       → asker
/// </code>
/// <para>A question without an answer is asked again each <see cref="OverlayOptions.QueryTimeout"/>; a command gives up after
/// <see cref="OverlayOptions.ReceiptTimeout"/>, a refresh never. Commands and own names are bounded by <see cref="MaxOwnNames"/> and
/// <see cref="MaxQuestions"/>: one more ends as <see cref="Outcome.Busy"/>.</para>
/// <para>The owner of this part routes the four messages to it, calls <see cref="Advance"/> when <see cref="NextDue"/> has come, and takes the results after
/// each call. There is one keeper for a name: when it crashes, the name is unknown until the next refresh.</para>
/// </remarks>
public sealed class NameDirectory : IArcContents
{
    /// <summary>Names that a node may register.</summary>
    public const int MaxOwnNames = 256;

    /// <summary>Resolutions that may wait.</summary>
    public const int MaxQuestions = 1024;

    private readonly OverlayOptions _options;
    private readonly INodePort _port;
    private readonly ISigning _signing;
    private readonly RecordStore _store;
    private readonly List<OwnName> _own = [];
    private readonly List<Question> _questions = [];
    private readonly Queue<NameResult> _results = new(0);
    private Prng _prng;
    private Instant _sweepAt = Instant.Never;

    /// <param name="options">Periods, timeouts and the bound of records.</param>
    /// <param name="port">Where questions and records go.</param>
    /// <param name="signing">Signs the node's own records and judges others'.</param>
    /// <param name="certificates">Judges the owners' certificates.</param>
    /// <param name="prng">Draws the nonces.</param>
    public NameDirectory(OverlayOptions options, INodePort port, ISigning signing, CertificateStore certificates, Prng prng)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(port);
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(certificates);
        (_options, _port, _signing, _prng) = (options, port, signing, prng);
        _store = new(options, signing, certificates);
    }

    /// <summary>Records kept for others.</summary>
    public int RecordCount => _store.Count;

    /// <summary>When to call <see cref="Advance"/> next.</summary>
    public Instant NextDue
    {
        get
        {
            var due = _sweepAt;
            foreach (var name in _own)
            {
                due = Instant.Min(due, name.DueAt);
            }

            foreach (var question in _questions)
            {
                due = Instant.Min(due, question.DueAt);
            }

            return due;
        }
    }

    /// <summary>Registers <paramref name="name"/> for this node and keeps it refreshed.</summary>
    public void Register(Instant now, RequestId request, string name)
    {
        if (!NodeName.TryNormalize(name, out var normal))
        {
            _results.Enqueue(new(request, Outcome.Refused, null));
            return;
        }

        var own = _own.Find(one => one.Name == normal);
        if (own is null && _own.Count == MaxOwnNames)
        {
            _results.Enqueue(new(request, Outcome.Busy, null));
            return;
        }

        if (own is null)
        {
            _own.Add(own = new(normal));
        }
        else if (own.Request is { } earlier)
        {
            _results.Enqueue(new(earlier, Outcome.Cancelled, null)); // The later command takes over.
        }

        (own.Request, own.GiveUpAt) = (request, now + _options.ReceiptTimeout);
        Put(now, own);
    }

    /// <summary>Asks who holds <paramref name="name"/>.</summary>
    public void Resolve(Instant now, RequestId request, string name)
    {
        if (!NodeName.TryNormalize(name, out var normal))
        {
            _results.Enqueue(new(request, Outcome.Refused, null));
            return;
        }

        if (_questions.Count == MaxQuestions)
        {
            _results.Enqueue(new(request, Outcome.Busy, null));
            return;
        }

        var question = new Question(request, normal, _prng.Next(), now + _options.ReceiptTimeout);
        _questions.Add(question);
        Ask(now, question);
    }

    /// <summary>Gives the node's names up, so that others may take them at once: part of leaving.</summary>
    public void Release(Instant now)
    {
        foreach (var own in _own)
        {
            Complete(own, Outcome.Cancelled);
            var record = NameRecordSecurity.Sign(_signing, own.Name, _port.Self.Certificate, _port.Self.Instance, ++own.Sequence, expiresAt: 0);
            _port.SendToResponsible(now, NodeName.KeyOf(own.Name), new PutRecord(_prng.Next(), record));
        }

        _own.Clear();
    }

    /// <summary>A record came for a key of this node's arc.</summary>
    /// <returns>The answer to its sender.</returns>
    public RecordStored OnPutRecord(Instant now, PutRecord put)
    {
        ArgumentNullException.ThrowIfNull(put);
        var outcome = _store.Put(now, put.Record);
        KeepSwept(now);
        return new(put.Nonce, outcome);
    }

    /// <summary>Somebody asks for a record of this node's arc.</summary>
    /// <returns>The answer to the asker.</returns>
    public RecordAnswer OnGetRecord(Instant now, GetRecord question)
    {
        ArgumentNullException.ThrowIfNull(question);
        return new(question.Nonce, _store.Find(now, question.Name));
    }

    /// <summary>The keeper of an own name answered.</summary>
    public void OnRecordStored(Instant now, RecordStored answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var own = _own.Find(one => one.Nonce == answer.Nonce && !one.IsStored);
        if (own is null)
        {
            return;
        }

        if (answer.Outcome == Outcome.Done)
        {
            (own.IsStored, own.DueAt) = (true, own.SentAt + _options.NameRefreshPeriod);
            if (own.DueAt < now)
            {
                own.DueAt = now;
            }

            Complete(own, Outcome.Done);
        }
        else if (own.Request is not null)
        {
            Complete(own, answer.Outcome == Outcome.NameTaken ? Outcome.NameTaken : Outcome.Refused);
            _own.Remove(own);
        }
        else if (answer.Outcome == Outcome.NameTaken)
        {
            _results.Enqueue(new(default, Outcome.NameTaken, own.Record)); // It lapsed meanwhile, and another key took it.
            _own.Remove(own);
        }
    }

    /// <summary>A record, or the news that there is none. One that is not true is no answer.</summary>
    public void OnRecord(Instant now, RecordAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var question = _questions.Find(one => one.Nonce == answer.Nonce);
        if (question is null || (answer.Record is { } record && (record.Name != question.Name || record.ExpiresAt == 0 || !_store.IsTrue(now, record))))
        {
            return;
        }

        _questions.Remove(question);
        _results.Enqueue(new(question.Request, answer.Record is null ? Outcome.NameUnknown : Outcome.Done, answer.Record));
    }

    /// <summary>Time passed: refreshes own names, asks again, gives up, and forgets what has lapsed.</summary>
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
                _results.Enqueue(new(question.Request, Outcome.TimedOut, null));
            }
            else if (question.DueAt <= now)
            {
                Ask(now, question);
            }
        }

        if (_sweepAt <= now)
        {
            _store.Sweep(now);
            _sweepAt = Instant.Never;
            KeepSwept(now);
        }
    }

    /// <summary>Takes the next result, in the order they came about.</summary>
    public bool TryTakeResult(out NameResult result) => _results.TryDequeue(out result);

    public RingId CopyUpper(in RingArc arc, int max, ICollection<NameRecord> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(max);
        return _store.CopyUpper(arc, max, into);
    }

    public void Adopt(Instant now, IReadOnlyList<NameRecord> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        for (var i = 0; i < records.Count; i++)
        {
            _store.Put(now, records[i]); // What is not true or not newer stays out.
        }

        KeepSwept(now);
    }

    public void Forget(in RingArc arc) => _store.Forget(arc);

    private void AdvanceOwn(Instant now, OwnName own)
    {
        if (own.Request is not null && own.GiveUpAt <= now)
        {
            Complete(own, Outcome.TimedOut);
            if (own.Record is null || !own.WasStored)
            {
                _own.Remove(own); // Never confirmed: a command that failed leaves nothing behind.
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
        var self = _port.Self;
        var expiresAt = now.UnixMilliseconds + (_store.Life.Ticks / TimeSpan.TicksPerMillisecond);
        own.Record = NameRecordSecurity.Sign(_signing, own.Name, self.Certificate, self.Instance, ++own.Sequence, expiresAt);
        if (own.IsStored || own.Nonce == 0)
        {
            own.Nonce = _prng.Next(); // Kept over repetitions: an answer to any of them counts.
        }

        (own.IsStored, own.SentAt, own.DueAt) = (false, now, now + _options.QueryTimeout);
        _port.SendToResponsible(now, NodeName.KeyOf(own.Name), new PutRecord(own.Nonce, own.Record));
    }

    private void Ask(Instant now, Question question)
    {
        question.DueAt = Instant.Min(question.GiveUpAt, now + _options.QueryTimeout);
        _port.SendToResponsible(now, NodeName.KeyOf(question.Name), new GetRecord(question.Nonce, question.Name));
    }

    private void Complete(OwnName own, Outcome outcome)
    {
        own.WasStored |= outcome == Outcome.Done;
        if (own.Request is { } request)
        {
            own.Request = null;
            _results.Enqueue(new(request, outcome, outcome == Outcome.Done ? own.Record : null));
        }
    }

    private void KeepSwept(Instant now)
    {
        if (_store.Count > 0 && _sweepAt == Instant.Never)
        {
            _sweepAt = now + _options.NameRefreshPeriod;
        }
    }

    private sealed class OwnName(string name)
    {
        public string Name => name;

        public NameRecord? Record { get; set; }

        public long Sequence { get; set; }

        public ulong Nonce { get; set; }

        /// <summary>Whether the last put was confirmed.</summary>
        public bool IsStored { get; set; }

        /// <summary>Whether any was.</summary>
        public bool WasStored { get; set; }

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
