using Overlay.Ring;
using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The payloads of the tree, as pictured at each type.</summary>
internal static class TreeMessagesCodec
{
    public static bool TryWrite(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case TreeJoin join:
                writer.BeginArray(5);
                writer.Write(join.Nonce);
                writer.Write((byte)join.Search);
                writer.Write(join.Origin);
                writer.WriteOptional(join.Via.HasValue, join.Via.GetValueOrDefault());
                writer.WriteOptional(join.Certificate);
                return true;
            case TreePlace place:
                writer.BeginArray(6);
                writer.Write(place.Nonce);
                Write(ref writer, place.Clock);
                writer.Write(place.Depth);
                writer.Write(place.Certificate);
                return true;
            case TreeAttach attach:
                writer.BeginArray(attach.Vote.IsEmpty ? 9 : 10);
                writer.Write(attach.Nonce);
                writer.Write((byte)attach.Reason);
                Write(ref writer, attach.Clock);
                writer.Write(attach.Size);
                writer.WriteOptional(attach.Former.HasValue, attach.Former.GetValueOrDefault());
                writer.WriteOptional(attach.Grandparent);
                writer.Write(attach.Slot);
                WriteUnlessEmpty(ref writer, attach.Vote);
                return true;
            case TreeAttached attached:
                writer.BeginArray(6);
                writer.Write(attached.Nonce);
                writer.Write((byte)attached.Verdict);
                Write(ref writer, attached.Clock);
                writer.Write(attached.Slot);
                return true;
            case TreeBeacon beacon:
                writer.BeginArray(3);
                Write(ref writer, beacon.Clock);
                return true;
            case TreeEcho echo:
                Write(ref writer, echo);
                return true;
            default:
                return TryWriteTables(ref writer, payload) || TryWriteErrands(ref writer, payload);
        }
    }

    public static Payload? Read(MessageKind kind, ref MessagePackReader reader)
    {
        if (kind is not (>= MessageKind.TreeJoin and <= MessageKind.TreeNotHere))
        {
            return null;
        }

        reader.BeginArray(int.MaxValue);
        Payload? payload = kind switch
        {
            MessageKind.TreeJoin => new TreeJoin(
                reader.ReadUInt64(), reader.ReadEnum<TreeSearch>(), reader.ReadRingId(), reader.TryReadOptionalRingId(out var via) ? via : null)
            {
                Certificate = reader.ReadOptionalCertificate(),
            },
            MessageKind.TreePlace => new TreePlace(reader.ReadUInt64(), ReadClock(ref reader), reader.ReadByte(), reader.ReadCertificate()),
            MessageKind.TreeAttach => new TreeAttach(
                reader.ReadUInt64(),
                reader.ReadEnum<TreeReason>(),
                ReadClock(ref reader),
                ReadCount(ref reader),
                reader.TryReadOptionalRingId(out var former) ? former : null,
                reader.ReadOptionalDescriptor())
            {
                Slot = reader.ReadByte(),
                Vote = reader.ElementsLeft > 0 ? reader.ReadSignature() : default,
            },
            MessageKind.TreeAttached => new TreeAttached(reader.ReadUInt64(), reader.ReadEnum<TreeVerdict>(), ReadClock(ref reader), reader.ReadByte()),
            MessageKind.TreeBeacon => new TreeBeacon(ReadClock(ref reader)),
            MessageKind.TreeEcho => new TreeEcho(
                reader.ReadUInt32(),
                new TreeShape(ReadCount(ref reader), reader.ReadByte(), ReadCount(ref reader), reader.ReadByte(), ReadCount(ref reader))),
            MessageKind.TreePosition => new TreePosition(
                ReadSteps(ref reader), reader.ReadOptionalDescriptor(), reader.ReadOptionalDescriptor(), reader.ReadDescriptors(TreePosition.MaxStandIns), ReadCount(ref reader))
            {
                Warrant = reader.ElementsLeft > 0 ? reader.ReadOptionalWarrant() : null,
            },
            MessageKind.TreeTable => new TreeTable(reader.ReadBoolean(), reader.ReadIds(TreeTable.MaxIds), reader.ReadIds(TreeTable.MaxIds)),
            MessageKind.TreeDigest => new TreeDigest(ReadCount(ref reader), reader.ReadUInt64()),
            MessageKind.TreeErrand => new TreeErrand(
                reader.ReadEnum<TreeTask>(), reader.ReadUInt64(), reader.ReadDescriptor(), reader.ReadByte(), reader.ReadRingId(), reader.ReadOptionalDescriptor()),
            MessageKind.TreeNotice => new TreeNotice(
                reader.ReadEnum<TreeNews>(), reader.ReadUInt64(), reader.ReadUInt32(), reader.ReadByte(), reader.ReadRingId(), reader.ReadOptionalDescriptor())
            {
                Warrant = reader.ElementsLeft > 0 ? reader.ReadOptionalWarrant() : null,
            },
            MessageKind.TreeStandIn => new TreeStandIn(reader.ReadUInt32(), reader.ReadByte(), reader.ReadDescriptors())
            {
                Signature = reader.ElementsLeft > 0 ? reader.ReadSignature() : default,
            },
            MessageKind.TreeNotHere => new TreeNotHere(reader.ReadRingId()),
            _ => null,
        };
        reader.EndArray();
        return payload;
    }

    private static bool TryWriteTables(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case TreePosition position:
                writer.BeginArray(position.Warrant is null ? 5 : 6);
                writer.BeginArray(position.Ancestors.Count);
                for (var i = 0; i < position.Ancestors.Count; i++)
                {
                    writer.BeginArray(2);
                    writer.Write(position.Ancestors[i].Node);
                    writer.Write(position.Ancestors[i].Slot);
                }

                writer.WriteOptional(position.Spare);
                writer.WriteOptional(position.Uncle);
                writer.Write(position.StandIns);
                writer.Write(position.RootChildren);
                if (position.Warrant is not null)
                {
                    writer.WriteOptional(position.Warrant);
                }

                return true;
            case TreeTable table:
                writer.BeginArray(3);
                writer.Write(table.Reset);
                writer.WriteIds(table.Added);
                writer.WriteIds(table.Gone);
                return true;
            case TreeDigest digest:
                writer.BeginArray(2);
                writer.Write(digest.Count);
                writer.Write(digest.Hash);
                return true;
            case TreeNotHere notHere:
                writer.BeginArray(1);
                writer.Write(notHere.Id);
                return true;
            default:
                return false;
        }
    }

    private static bool TryWriteErrands(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case TreeErrand errand:
                writer.BeginArray(6);
                writer.Write((byte)errand.Task);
                writer.Write(errand.Nonce);
                writer.Write(errand.From);
                writer.Write(errand.Rank);
                writer.Write(errand.Subject);
                writer.WriteOptional(errand.Parent);
                return true;
            case TreeNotice notice:
                writer.BeginArray(notice.Warrant is null ? 6 : 7);
                writer.Write((byte)notice.News);
                writer.Write(notice.Nonce);
                writer.Write((ulong)notice.Epoch);
                writer.Write(notice.Rank);
                writer.Write(notice.Subject);
                writer.WriteOptional(notice.Node);
                if (notice.Warrant is not null)
                {
                    writer.WriteOptional(notice.Warrant);
                }

                return true;
            case TreeStandIn standIn:
                writer.BeginArray(standIn.Signature.IsEmpty ? 3 : 4);
                writer.Write((ulong)standIn.Epoch);
                writer.Write(standIn.Rank);
                writer.Write(standIn.View);
                WriteUnlessEmpty(ref writer, standIn.Signature);
                return true;
            default:
                return false;
        }
    }

    private static void WriteUnlessEmpty(ref MessagePackWriter writer, ReadOnlyMemory<byte> signature)
    {
        if (!signature.IsEmpty)
        {
            writer.Write(signature.Span);
        }
    }

    private static void Write(ref MessagePackWriter writer, TreeClock clock)
    {
        writer.Write((ulong)clock.Epoch);
        writer.Write(clock.Rank);
        writer.Write((ulong)clock.Sequence);
    }

    private static TreeClock ReadClock(ref MessagePackReader reader) => new(reader.ReadUInt32(), reader.ReadByte(), reader.ReadUInt32());

    private static void Write(ref MessagePackWriter writer, TreeEcho echo)
    {
        writer.BeginArray(6);
        writer.Write((ulong)echo.Sequence);
        writer.Write(echo.Shape.Size);
        writer.Write(echo.Shape.FreeDepth);
        writer.Write(echo.Shape.FreeCount);
        writer.Write(echo.Shape.LeafDepth);
        writer.Write(echo.Shape.LeafCount);
    }

    /// <summary>A number of nodes: never negative.</summary>
    private static int ReadCount(ref MessagePackReader reader)
    {
        var count = reader.ReadInt32();
        if (count < 0)
        {
            reader.Fail();
        }

        return count;
    }

    private static TreeStep[] ReadSteps(ref MessagePackReader reader)
    {
        var steps = PayloadFields.NewList<TreeStep>(reader.BeginArray(TreePosition.MaxDepth));
        for (var i = 0; i < steps.Length && !reader.Failed; i++)
        {
            reader.BeginArray(int.MaxValue);
            steps[i] = new(reader.ReadDescriptor(), reader.ReadByte());
            reader.EndArray();
        }

        reader.EndArray();
        return steps;
    }
}
