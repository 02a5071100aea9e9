using Overlay.Identity;
using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The payloads of the directory, as pictured at each type.</summary>
internal static class NameMessagesCodec
{
    public static bool TryWrite(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case PutRecord put:
                writer.BeginArray(2);
                writer.Write(put.Nonce);
                writer.Write(put.Record);
                return true;
            case RecordStored stored:
                writer.BeginArray(stored.Certificate is null ? 3 : 4);
                writer.Write(stored.Nonce);
                writer.Write((byte)stored.Outcome);
                WriteOptional(ref writer, stored.Tenancy);
                WriteIfThere(ref writer, stored.Certificate);
                return true;
            case GetRecord question:
                writer.BeginArray(2);
                writer.Write(question.Nonce);
                writer.Write(question.Name);
                return true;
            case RecordAnswer answer:
                writer.BeginArray(answer.Certificate is null ? 2 : 3);
                writer.Write(answer.Nonce);
                WriteOptional(ref writer, answer.Entry);
                WriteIfThere(ref writer, answer.Certificate);
                return true;
            case WatchName watch:
                writer.BeginArray(3);
                writer.Write(watch.Nonce);
                writer.Write(watch.Name);
                writer.Write(watch.IsOn);
                return true;
            case Watching watching:
                writer.BeginArray(3);
                writer.Write(watching.Nonce);
                writer.Write((byte)watching.Outcome);
                WriteOptional(ref writer, watching.Entry);
                return true;
            case NameChanged changed:
                writer.BeginArray(1);
                writer.Write(changed.Name);
                return true;
            default:
                return TryWriteCopies(ref writer, payload);
        }
    }

    public static Payload? Read(MessageKind kind, ref MessagePackReader reader)
    {
        if (kind is < MessageKind.PutRecord or > MessageKind.NameChanged)
        {
            return null;
        }

        reader.BeginArray(int.MaxValue);
        Payload? payload = kind switch
        {
            MessageKind.PutRecord => new PutRecord(reader.ReadUInt64(), reader.ReadNameRecord()),
            MessageKind.RecordStored => new RecordStored(reader.ReadUInt64(), reader.ReadEnum<Outcome>(), ReadOptionalTenancy(ref reader))
            {
                Certificate = reader.ElementsLeft > 0 ? reader.ReadCertificate() : null,
            },
            MessageKind.GetRecord => new GetRecord(reader.ReadUInt64(), reader.ReadString(NameRecord.MaxNameLength)),
            MessageKind.Record => new RecordAnswer(reader.ReadUInt64(), ReadOptionalEntry(ref reader)) { Certificate = reader.ElementsLeft > 0 ? reader.ReadCertificate() : null },
            MessageKind.Replicate => new Replicate(reader.ReadUInt64(), ReadEntries(ref reader, Replicate.MaxEntries)) { Certificate = reader.ElementsLeft > 0 ? reader.ReadCertificate() : null },
            MessageKind.Replicated => new Replicated(reader.ReadUInt64(), reader.ReadEnum<Outcome>()),
            MessageKind.NameDigest => new NameDigest(reader.ReadInt32(), reader.ReadUInt64()),
            MessageKind.GetNameList => new GetNameList(reader.ReadUInt64()),
            MessageKind.NameList => new NameList(reader.ReadUInt64(), reader.ReadBoolean(), ReadMarks(ref reader)),
            MessageKind.GetRecords => new GetRecords(ReadWanted(ref reader)),
            MessageKind.WatchName => new WatchName(reader.ReadUInt64(), reader.ReadString(NameRecord.MaxNameLength), reader.ReadBoolean()),
            MessageKind.Watching => new Watching(reader.ReadUInt64(), reader.ReadEnum<Outcome>(), ReadOptionalEntry(ref reader)),
            MessageKind.NameChanged => new NameChanged(reader.ReadString(NameRecord.MaxNameLength)),
            _ => null,
        };
        reader.EndArray();
        return payload;
    }

    private static void WriteIfThere(ref MessagePackWriter writer, NodeCertificate? certificate)
    {
        if (certificate is not null)
        {
            writer.Write(certificate);
        }
    }

    public static void Write(this ref MessagePackWriter writer, IReadOnlyList<NameEntry> entries)
    {
        writer.BeginArray(entries.Count);
        for (var i = 0; i < entries.Count; i++)
        {
            Write(ref writer, entries[i]);
        }
    }

    /// <summary>Entries, at most <paramref name="max"/>.</summary>
    public static NameEntry[] ReadEntries(ref MessagePackReader reader, int max)
    {
        var entries = PayloadFields.NewList<NameEntry>(reader.BeginArray(max));
        for (var i = 0; i < entries.Length && !reader.Failed; i++)
        {
            entries[i] = ReadEntry(ref reader);
        }

        reader.EndArray();
        return entries;
    }

    private static bool TryWriteCopies(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case Replicate replicate:
                writer.BeginArray(replicate.Certificate is null ? 2 : 3);
                writer.Write(replicate.Nonce);
                writer.Write(replicate.Entries);
                WriteIfThere(ref writer, replicate.Certificate);
                return true;
            case Replicated replicated:
                writer.BeginArray(2);
                writer.Write(replicated.Nonce);
                writer.Write((byte)replicated.Outcome);
                return true;
            case NameDigest digest:
                writer.BeginArray(2);
                writer.Write(digest.Count);
                writer.Write(digest.Sum);
                return true;
            case GetNameList question:
                writer.BeginArray(1);
                writer.Write(question.After);
                return true;
            case NameList list:
                Write(ref writer, list);
                return true;
            case GetRecords question:
                writer.BeginArray(1);
                writer.BeginArray(question.Marks.Count);
                for (var i = 0; i < question.Marks.Count; i++)
                {
                    writer.Write(question.Marks[i]);
                }

                return true;
            default:
                return false;
        }
    }

    private static void Write(ref MessagePackWriter writer, NameList list)
    {
        writer.BeginArray(3);
        writer.Write(list.After);
        writer.Write(list.More);
        writer.BeginArray(list.Marks.Count);
        for (var i = 0; i < list.Marks.Count; i++)
        {
            writer.BeginArray(2);
            writer.Write(list.Marks[i].Mark);
            writer.Write(list.Marks[i].Version);
        }
    }

    private static NameMark[] ReadMarks(ref MessagePackReader reader)
    {
        var marks = PayloadFields.NewList<NameMark>(reader.BeginArray(NameList.MaxMarks));
        for (var i = 0; i < marks.Length && !reader.Failed; i++)
        {
            reader.BeginArray(int.MaxValue);
            marks[i] = new(reader.ReadUInt64(), reader.ReadUInt64());
            reader.EndArray();
        }

        reader.EndArray();
        return marks;
    }

    private static ulong[] ReadWanted(ref MessagePackReader reader)
    {
        var marks = PayloadFields.NewList<ulong>(reader.BeginArray(Replicate.MaxEntries));
        for (var i = 0; i < marks.Length; i++)
        {
            marks[i] = reader.ReadUInt64();
        }

        reader.EndArray();
        return marks;
    }

    private static void Write(ref MessagePackWriter writer, NameEntry entry)
    {
        writer.BeginArray(2);
        writer.Write(entry.Record);
        Write(ref writer, entry.Tenancy);
    }

    private static NameEntry ReadEntry(ref MessagePackReader reader)
    {
        reader.BeginArray(int.MaxValue);
        var entry = new NameEntry(reader.ReadNameRecord(), ReadTenancy(ref reader));
        reader.EndArray();
        return entry;
    }

    private static void Write(ref MessagePackWriter writer, NameTenancy tenancy)
    {
        writer.BeginArray(5);
        writer.Write(tenancy.Epoch);
        writer.Write(tenancy.Since);
        writer.Write(tenancy.Through);
        writer.Write(tenancy.Keeper);
        writer.Write(tenancy.Signature.Span);
    }

    private static NameTenancy ReadTenancy(ref MessagePackReader reader)
    {
        reader.BeginArray(int.MaxValue);
        var tenancy = new NameTenancy(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadCertificate(), reader.ReadSignature());
        reader.EndArray();
        return tenancy;
    }

    private static void WriteOptional(ref MessagePackWriter writer, NameTenancy? tenancy)
    {
        if (tenancy is null)
        {
            writer.WriteNil();
        }
        else
        {
            Write(ref writer, tenancy);
        }
    }

    private static NameTenancy? ReadOptionalTenancy(ref MessagePackReader reader) => reader.TryReadNil() ? null : ReadTenancy(ref reader);

    private static void WriteOptional(ref MessagePackWriter writer, NameEntry? entry)
    {
        if (entry is null)
        {
            writer.WriteNil();
        }
        else
        {
            Write(ref writer, entry);
        }
    }

    private static NameEntry? ReadOptionalEntry(ref MessagePackReader reader) => reader.TryReadNil() ? null : ReadEntry(ref reader);
}
