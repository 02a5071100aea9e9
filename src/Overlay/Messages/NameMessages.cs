using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

//   owner  → PutRecord → … → keeper;  keeper → Replicate → replicas;  a majority → Replicated → keeper;  keeper → RecordStored → owner
//   asker  → GetRecord → … → keeper;  keeper → Record → asker
//   keeper → NameDigest → replica, now and then; where they differ:
//   replica → GetNameList → keeper;  keeper → NameList → replica;  replica → GetRecords → keeper;  keeper → Replicate → replica

/// <summary>An owner-signed record of a name, kept by the member responsible for SHA-256(name): <c>[name, certificate, instance, sequence, expiry, signature (, guest)]</c>.</summary>
/// <param name="Name">1 … 63 characters: letters, digits, '-', '_' and '.'.</param>
/// <param name="Owner">The owner's certificate: the record proves itself.</param>
/// <param name="Instance">The owner's instance.</param>
/// <param name="Sequence">Grows with each refresh.</param>
/// <param name="ExpiresAt">Unix milliseconds; a record that is not refreshed lapses. 0: the owner gives the name up.</param>
/// <param name="Signature">By the owner over all of the above.</param>
/// <remarks>A hub that registers a name for its page adds one element: <c>guest (bin 6)</c>.</remarks>
public sealed record NameRecord(string Name, NodeCertificate Owner, long Instance, long Sequence, long ExpiresAt, ReadOnlyMemory<byte> Signature)
{
    /// <summary>The page that has the name, where a hub is the owner. Signed, too; only the network's own key may say so.</summary>
    public RingId? Guest { get; init; }

    /// <summary>Whom the name leads to.</summary>
    public RingId Target => Guest ?? Owner.Id;

    /// <summary>Characters of a name.</summary>
    public const int MaxNameLength = 63;
}

/// <summary>Since when a key holds a name without a break, countersigned by the keeper: <c>[epoch, since, through, certificate, signature]</c>.</summary>
/// <param name="Epoch">The fencing epoch: grows with each new tenancy of the name, and with each dispute about it. From 1.</param>
/// <param name="Since">When the tenancy began, Unix milliseconds.</param>
/// <param name="Through">When the keeper countersigned last: until then the tenancy is known to be unbroken.</param>
/// <param name="Keeper">The certificate of the keeper that countersigned.</param>
/// <param name="Signature">By the keeper, over name, owner's key and the above.</param>
public sealed record NameTenancy(long Epoch, long Since, long Through, NodeCertificate Keeper, ReadOnlyMemory<byte> Signature);

/// <summary>What is kept of a name: <c>[record, tenancy]</c>.</summary>
/// <param name="Record">What the owner signed.</param>
/// <param name="Tenancy">What the keeper signed.</param>
public sealed record NameEntry(NameRecord Record, NameTenancy Tenancy);

/// <summary><c>[nonce, record]</c>.</summary>
public sealed record PutRecord(ulong Nonce, NameRecord Record) : Payload
{
    public override MessageKind Kind => MessageKind.PutRecord;
}

/// <summary><c>[nonce, outcome, tenancy | nil (, certificate)]</c>: <see cref="Outcome.Done"/> (with the tenancy), <see cref="Outcome.NameTaken"/>, <see cref="Outcome.Refused"/> or <see cref="Outcome.Busy"/>.</summary>
public sealed record RecordStored(ulong Nonce, Outcome Outcome, NameTenancy? Tenancy) : Payload
{
    /// <summary>The keeper's, for a hub that asked for its page.</summary>
    public NodeCertificate? Certificate { get; init; }

    public override MessageKind Kind => MessageKind.RecordStored;
}

/// <summary><c>[nonce, name]</c>.</summary>
public sealed record GetRecord(ulong Nonce, string Name) : Payload
{
    public override MessageKind Kind => MessageKind.GetRecord;
}

/// <summary><c>[nonce, entry | nil (, certificate)]</c>.</summary>
public sealed record RecordAnswer(ulong Nonce, NameEntry? Entry) : Payload
{
    /// <summary>The keeper's, for a hub that asked for its page.</summary>
    public NodeCertificate? Certificate { get; init; }

    public override MessageKind Kind => MessageKind.Record;
}

/// <summary><c>[nonce, [entry…] (, certificate)]</c>: copies for a replica, or for whoever is responsible now.</summary>
/// <param name="Nonce">Repeated by <see cref="Replicated"/>; 0: no answer is wanted.</param>
/// <param name="Entries">At most <see cref="MaxEntries"/>.</param>
public sealed record Replicate(ulong Nonce, IReadOnlyList<NameEntry> Entries) : Payload
{
    /// <summary>Entries of one message; with the longest names they stay below <see cref="Message.MaxBytes"/>.</summary>
    public const int MaxEntries = 90;

    /// <summary>The sender's, to whoever is responsible now: that one may have come a moment ago and know nobody.</summary>
    public NodeCertificate? Certificate { get; init; }

    public override MessageKind Kind => MessageKind.Replicate;
}

/// <summary><c>[nonce, outcome]</c>: the copies are kept (<see cref="Outcome.Done"/>), or one of them is not worth keeping (<see cref="Outcome.Refused"/>).</summary>
public sealed record Replicated(ulong Nonce, Outcome Outcome) : Payload
{
    public override MessageKind Kind => MessageKind.Replicated;

    internal override int Measure() => WireLengths.One + WireLengths.Of(Nonce) + WireLengths.One;
}

/// <summary><c>[count, sum]</c>: what a keeper's replicas should hold for it. Nothing follows where they do.</summary>
/// <param name="Count">Entries.</param>
/// <param name="Sum">The sum, modulo 2^64, of a mix of each entry's mark and version.</param>
public sealed record NameDigest(int Count, ulong Sum) : Payload
{
    public override MessageKind Kind => MessageKind.NameDigest;
}

/// <summary><c>[after]</c>: a replica whose sum differs asks for the marks above <paramref name="After"/>.</summary>
public sealed record GetNameList(ulong After) : Payload
{
    public override MessageKind Kind => MessageKind.GetNameList;
}

/// <summary>One entry as a list shows it: <c>[mark, version]</c>.</summary>
/// <param name="Mark">The first 8 bytes of SHA-256(name).</param>
/// <param name="Version">A mix of owner, instance, sequence, epoch and start.</param>
public readonly record struct NameMark(ulong Mark, ulong Version);

/// <summary><c>[after, more, [mark…]]</c>: a keeper's entries with marks above <paramref name="After"/>, ascending; at most <see cref="MaxMarks"/>.</summary>
public sealed record NameList(ulong After, bool More, IReadOnlyList<NameMark> Marks) : Payload
{
    /// <summary>Marks of one message.</summary>
    public const int MaxMarks = 1000;

    public override MessageKind Kind => MessageKind.NameList;
}

/// <summary><c>[[mark…]]</c>: a replica asks for entries; at most <see cref="Replicate.MaxEntries"/>.</summary>
public sealed record GetRecords(IReadOnlyList<ulong> Marks) : Payload
{
    public override MessageKind Kind => MessageKind.GetRecords;
}

/// <summary><c>[nonce, name, isOn]</c>: wants to be told of changes of a name, for three refresh periods; or no longer.</summary>
public sealed record WatchName(ulong Nonce, string Name, bool IsOn) : Payload
{
    public override MessageKind Kind => MessageKind.WatchName;
}

/// <summary><c>[nonce, outcome, entry | nil]</c>: <see cref="Outcome.Done"/> with what is kept now, or <see cref="Outcome.Refused"/> where no more can watch.</summary>
public sealed record Watching(ulong Nonce, Outcome Outcome, NameEntry? Entry) : Payload
{
    public override MessageKind Kind => MessageKind.Watching;
}

/// <summary><c>[name]</c>: whoever watches the name, or believes to hold it, should ask again. Only a hint: it proves nothing.</summary>
public sealed record NameChanged(string Name) : Payload
{
    public override MessageKind Kind => MessageKind.NameChanged;
}
