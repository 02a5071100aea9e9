using Overlay.Ring;
using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The payloads by which the ring finds, keeps and hands over places, as pictured at each type.</summary>
internal static class RingMessagesCodec
{
    public static bool TryWrite(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case FindOwner question:
                writer.BeginArray(3);
                writer.Write(question.Nonce);
                writer.Write((byte)question.Purpose);
                writer.WriteOptional(question.Certificate);
                return true;
            case Owner owner:
                Write(ref writer, owner);
                return true;
            case GetNeighbours question:
                writer.BeginArray(question.Expected == 0 ? 1 : 2);
                writer.Write(question.Nonce);
                if (question.Expected != 0)
                {
                    writer.Write((ulong)question.Expected);
                }

                return true;
            case SameNeighbours same:
                writer.BeginArray(3);
                writer.Write(same.Nonce);
                writer.Write(same.Epoch);
                writer.WriteOptional(same.ArcAfter.HasValue, same.ArcAfter.GetValueOrDefault());
                return true;
            case Neighbours neighbours:
                Write(ref writer, neighbours);
                return true;
            case Notify notify:
                writer.BeginArray(2);
                writer.Write(notify.Self);
                writer.WriteOptional(notify.ArcAfter.HasValue, notify.ArcAfter.GetValueOrDefault());
                return true;
            case Leaving leaving:
                writer.BeginArray(2);
                writer.WriteOptional(leaving.Predecessor);
                writer.Write(leaving.Successors);
                return true;
            case Grant grant:
                Write(ref writer, grant);
                return true;
            case Granted granted:
                writer.BeginArray(1);
                writer.Write(granted.Epoch);
                return true;
            case FoundingState state:
                Write(ref writer, state);
                return true;
            case MergeLookup or TryMerge:
                WriteMerge(ref writer, payload);
                return true;
            default:
                return false;
        }
    }

    private static void WriteMerge(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case MergeLookup lookup:
                writer.BeginArray(6);
                writer.Write(lookup.Certificate);
                writer.Write(lookup.Instance);
                writer.WriteOptional(lookup.Via is not null, lookup.Via ?? default);
                writer.Write(lookup.Gossip);
                writer.Write(lookup.StepsLeft);
                writer.Write(lookup.IsNews);
                break;
            case TryMerge merge:
                writer.BeginArray(4);
                writer.Write(merge.Predecessor);
                writer.Write(merge.PredecessorInstance);
                writer.Write(merge.Successor);
                writer.Write(merge.SuccessorInstance);
                break;
        }
    }

    public static Payload? Read(MessageKind kind, ref MessagePackReader reader)
    {
        if (kind is not (>= MessageKind.FindOwner and <= MessageKind.SameNeighbours))
        {
            return null;
        }

        reader.BeginArray(int.MaxValue);
        Payload? payload = kind switch
        {
            MessageKind.FindOwner => new FindOwner(reader.ReadUInt64(), reader.ReadEnum<LookupPurpose>()) { Certificate = reader.ReadOptionalCertificate() },
            MessageKind.Owner => new Owner(
                reader.ReadUInt64(),
                reader.ReadEnum<NodePhase>(),
                reader.ReadDescriptor(),
                reader.ReadOptionalDescriptor(),
                reader.ReadDescriptors(),
                reader.ReadDescriptors(),
                reader.ReadInt32())
            {
                Hops = reader.ReadByte(),
                Certificate = reader.ReadOptionalCertificate(),
            },
            MessageKind.GetNeighbours => new GetNeighbours(reader.ReadUInt64()) { Expected = reader.ElementsLeft > 0 ? ReadDigest(ref reader) : 0 },
            MessageKind.SameNeighbours => new SameNeighbours(reader.ReadUInt64(), reader.ReadInt32(), reader.TryReadOptionalRingId(out var sameAfter) ? sameAfter : null),
            MessageKind.Neighbours => new Neighbours(
                reader.ReadUInt64(),
                reader.ReadEnum<NodePhase>(),
                reader.ReadInt32(),
                reader.ReadDescriptor(),
                reader.ReadOptionalDescriptor(),
                reader.ReadDescriptors(),
                reader.TryReadOptionalRingId(out var beginsAfter) ? beginsAfter : null),
            MessageKind.Notify => new Notify(reader.ReadDescriptor(), reader.TryReadOptionalRingId(out var arcAfter) ? arcAfter : null),
            MessageKind.Leaving => new Leaving(reader.ReadOptionalDescriptor(), reader.ReadDescriptors()),
            MessageKind.Grant => new Grant(reader.ReadInt64(), reader.ReadRingId(), reader.ReadRingId(), reader.ReadBoolean(), NameMessagesCodec.ReadEntries(ref reader, Grant.MaxRecords)),
            MessageKind.Granted => new Granted(reader.ReadInt64()),
            MessageKind.FoundingState => new FoundingState(
                reader.ReadInt32(), reader.ReadEnum<NodePhase>(), reader.ReadUInt64(), ReadFoundingEntries(ref reader)),
            MessageKind.MergeLookup => new MergeLookup(
                reader.ReadCertificate(), reader.ReadInt64(), ReadOptionalId(ref reader), reader.ReadByte(), reader.ReadByte(), reader.ReadBoolean()),
            MessageKind.TryMerge => new TryMerge(reader.ReadCertificate(), reader.ReadInt64(), reader.ReadCertificate(), reader.ReadInt64()),
            _ => null,
        };
        reader.EndArray();
        return payload;
    }

    private static void Write(ref MessagePackWriter writer, Owner owner)
    {
        writer.BeginArray(9);
        writer.Write(owner.Nonce);
        writer.Write((byte)owner.Phase);
        writer.Write(owner.Self);
        writer.WriteOptional(owner.Predecessor);
        writer.Write(owner.Successors);
        writer.Write(owner.Founding);
        writer.Write(owner.RetryAfterMilliseconds);
        writer.Write(owner.Hops);
        writer.WriteOptional(owner.Certificate);
    }

    /// <summary>0 has no place on the wire: it means that there is none.</summary>
    private static uint ReadDigest(ref MessagePackReader reader)
    {
        var digest = reader.ReadUInt64();
        if (digest is 0 or > uint.MaxValue)
        {
            reader.Fail();
        }

        return (uint)digest;
    }

    private static void Write(ref MessagePackWriter writer, Neighbours neighbours)
    {
        writer.BeginArray(7);
        writer.Write(neighbours.Nonce);
        writer.Write((byte)neighbours.Phase);
        writer.Write(neighbours.Epoch);
        writer.Write(neighbours.Self);
        writer.WriteOptional(neighbours.Predecessor);
        writer.Write(neighbours.Successors);
        writer.WriteOptional(neighbours.ArcAfter.HasValue, neighbours.ArcAfter.GetValueOrDefault());
    }

    private static void Write(ref MessagePackWriter writer, Grant grant)
    {
        writer.BeginArray(5);
        writer.Write(grant.Epoch);
        writer.Write(grant.After);
        writer.Write(grant.UpTo);
        writer.Write(grant.More);
        writer.Write(grant.Records);
    }

    private static void Write(ref MessagePackWriter writer, FoundingState state)
    {
        writer.BeginArray(4);
        writer.Write(state.Epoch);
        writer.Write((byte)state.Phase);
        writer.Write(state.SetHash);
        writer.BeginArray(state.Entries.Count);
        for (var i = 0; i < state.Entries.Count; i++)
        {
            var (node, mark) = state.Entries[i];
            writer.BeginArray(4);
            writer.Write(node.Id);
            writer.Write(node.Instance);
            writer.Write(node.Certificate);
            writer.Write((byte)mark);
        }
    }

    private static RingId? ReadOptionalId(ref MessagePackReader reader) => reader.TryReadOptionalRingId(out var id) ? id : null;

    private static FoundingEntry[] ReadFoundingEntries(ref MessagePackReader reader)
    {
        var entries = PayloadFields.NewList<FoundingEntry>(reader.BeginArray(FoundingState.MaxEntries));
        for (var i = 0; i < entries.Length; i++)
        {
            reader.BeginArray(int.MaxValue);
            entries[i] = new(new(reader.ReadRingId(), reader.ReadInt64(), reader.ReadCertificateHash()), reader.ReadEnum<FoundingMark>());
            reader.EndArray();
        }

        reader.EndArray();
        return entries;
    }
}
