using System.Diagnostics.CodeAnalysis;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Admission;

/// <summary>A name that a page here has, or wants, or has left behind.</summary>
internal sealed class GuestName(string name)
{
    /// <summary>In its normal form.</summary>
    public string Name => name;

    /// <summary>The page's address.</summary>
    public uint Address { get; set; }

    /// <summary>The page's question that waits for the answer; 0: none does.</summary>
    public long Ticket { get; set; }

    /// <summary>The keeper has confirmed the last record.</summary>
    public bool IsStored { get; set; }

    /// <summary>The page has it, whatever the network says of it just now.</summary>
    public bool IsHeld { get; set; }

    /// <summary>The page is gone or has another name: the record that says so is under way.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>Of the record under way.</summary>
    public ulong Nonce { get; set; }

    public NameRecord? Record { get; set; }

    public int Tries { get; set; }

    /// <summary>When it is sent next: again, or refreshed.</summary>
    public Instant DueAt { get; set; }

    /// <summary>With <see cref="Ticket"/> or <see cref="IsGivenUp"/>: when nobody waits for an answer any more.</summary>
    public Instant GiveUpAt { get; set; } = Instant.Never;

    /// <summary>It left the book.</summary>
    public bool IsRemoved { get; set; }
}

/// <summary>A page's question for a name.</summary>
internal sealed class GuestQuestion(uint address, long ticket, string name, ulong nonce, Instant giveUpAt)
{
    public uint Address => address;

    public long Ticket => ticket;

    public string Name => name;

    public ulong Nonce => nonce;

    public Instant GiveUpAt => giveUpAt;

    public int Tries { get; set; }

    public Instant DueAt { get; set; }

    public bool IsEnded { get; set; }
}

/// <summary>The names of a hub's pages, and what its pages ask about others': tables with deadlines. What is sent and answered is the hub's affair.</summary>
internal sealed class GuestNames
{
    private readonly Dictionary<string, GuestName> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<ulong, GuestName> _puts = [];
    private readonly Dictionary<ulong, GuestQuestion> _questions = [];
    private readonly PriorityQueue<object, (long Ticks, long Order)> _due = new();
    private long _order;

    /// <summary>Names in the book, those given up included.</summary>
    public int NameCount => _names.Count;

    /// <summary>Questions that wait.</summary>
    public int QuestionCount => _questions.Count;

    public Instant NextDue => _due.TryPeek(out _, out var due) ? new Instant(due.Ticks, 0) : Instant.Never;

    public Dictionary<string, GuestName>.ValueCollection All => _names.Values;

    public GuestName? Find(string name) => _names.GetValueOrDefault(name);

    public GuestName Add(string name)
    {
        var added = new GuestName(name);
        _names.Add(name, added);
        return added;
    }

    public void Remove(GuestName name)
    {
        name.IsRemoved = true;
        _names.Remove(name.Name);
        _puts.Remove(name.Nonce);
    }

    /// <summary>A record of the name is under way as <paramref name="nonce"/>.</summary>
    public void Put(GuestName name, ulong nonce)
    {
        _puts.Remove(name.Nonce);
        name.Nonce = nonce;
        _puts[nonce] = name;
    }

    public bool TryFindPut(ulong nonce, [MaybeNullWhen(false)] out GuestName name) => _puts.TryGetValue(nonce, out name);

    public void Ask(GuestQuestion question) => _questions.Add(question.Nonce, question);

    public bool TryFindQuestion(ulong nonce, [MaybeNullWhen(false)] out GuestQuestion question) => _questions.TryGetValue(nonce, out question);

    public void End(GuestQuestion question)
    {
        question.IsEnded = true;
        _questions.Remove(question.Nonce);
    }

    /// <summary>The page is gone: its questions with it.</summary>
    public void EndQuestionsOf(uint address)
    {
        foreach (var (_, question) in _questions)
        {
            if (question.Address == address)
            {
                End(question); // Removing does not disturb an enumeration of this type.
            }
        }
    }

    public void Schedule(GuestName name, Instant due)
    {
        name.DueAt = Instant.Min(due, name.GiveUpAt);
        _due.Enqueue(name, (name.DueAt.Ticks, ++_order));
    }

    public void Schedule(GuestQuestion question, Instant due)
    {
        question.DueAt = Instant.Min(due, question.GiveUpAt);
        _due.Enqueue(question, (question.DueAt.Ticks, ++_order));
    }

    /// <summary>The next name or question whose time has come.</summary>
    public bool TryTakeDue(Instant now, out GuestName? name, out GuestQuestion? question)
    {
        (name, question) = (null, null);
        while (_due.TryPeek(out var item, out var due) && due.Ticks <= now.Ticks)
        {
            _due.Dequeue();
            name = item is GuestName { IsRemoved: false } one && one.DueAt.Ticks == due.Ticks ? one : null;
            question = item is GuestQuestion { IsEnded: false } other && other.DueAt.Ticks == due.Ticks ? other : null;
            if (name is not null || question is not null)
            {
                return true;
            }
        }

        return false;
    }
}
