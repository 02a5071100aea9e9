using Overlay.Ring;
using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>The payloads of diagnostics and the parts of <see cref="State"/>, as pictured at each type.</summary>
internal static class InspectionMessagesCodec
{
    /// <summary>Neighbours that a node remembers having lost.</summary>
    public const int MaxDepartures = 64;

    /// <summary>Quotas that a node tells of.</summary>
    public const int MaxQuotas = 32;

    public static bool TryWrite(ref MessagePackWriter writer, Payload payload)
    {
        switch (payload)
        {
            case TraceRoute question:
                writer.BeginArray(2);
                writer.Write(question.Nonce);
                writer.WriteOptional(question.Certificate);
                return true;
            case TracedRoute answer:
                writer.BeginArray(6);
                writer.Write(answer.Nonce);
                writer.Write((byte)answer.Reason);
                writer.WriteIds(answer.Route);
                WriteTrail(ref writer, answer.Trail);
                if (answer.Departed is { } departed)
                {
                    Write(ref writer, departed);
                }
                else
                {
                    writer.WriteNil();
                }

                writer.WriteOptional(answer.Certificate);
                return true;
            default:
                return false;
        }
    }

    public static Payload? Read(MessageKind kind, ref MessagePackReader reader)
    {
        if (kind is not (MessageKind.TraceRoute or MessageKind.TracedRoute))
        {
            return null;
        }

        reader.BeginArray(int.MaxValue);
        Payload payload = kind == MessageKind.TraceRoute
            ? new TraceRoute(reader.ReadUInt64()) { Certificate = reader.ReadOptionalCertificate() }
            : new TracedRoute(
                reader.ReadUInt64(), reader.ReadEnum<DropReason>(), reader.ReadIds(Message.HopBudget), HopRecord.ReadAll(ReadTrail(ref reader)), reader.TryReadNil() ? null : ReadDeparture(ref reader))
            {
                Certificate = reader.ReadOptionalCertificate(),
            };
        reader.EndArray();
        return payload;
    }

    /// <summary>The bytes of a trail; whole records, and no more than a message crosses hops.</summary>
    public static ReadOnlySpan<byte> ReadTrail(ref MessagePackReader reader)
    {
        var trail = reader.ReadBinary(HopRecord.MaxRecords * HopRecord.Bytes);
        if (trail.Length % HopRecord.Bytes == 0)
        {
            return trail;
        }

        reader.Fail();
        return default;
    }

    public static void WriteTrail(ref MessagePackWriter writer, IReadOnlyList<HopRecord> trail)
    {
        Span<byte> bytes = stackalloc byte[HopRecord.MaxRecords * HopRecord.Bytes];
        var count = Math.Min(trail.Count, HopRecord.MaxRecords);
        for (var i = 0; i < count; i++)
        {
            trail[i].Write(bytes[(i * HopRecord.Bytes)..]);
        }

        writer.Write(bytes[..(count * HopRecord.Bytes)]);
    }

    /// <summary>What <see cref="State"/> has beyond its tables.</summary>
    public static void WriteAbout(ref MessagePackWriter writer, State state)
    {
        writer.BeginArray(state.Departures.Count);
        for (var i = 0; i < state.Departures.Count; i++)
        {
            Write(ref writer, state.Departures[i]);
        }

        Write(ref writer, state.Totals);
        writer.BeginArray(state.Quotas.Count);
        for (var i = 0; i < state.Quotas.Count; i++)
        {
            writer.BeginArray(3);
            writer.Write((byte)state.Quotas[i].Kind);
            writer.Write(state.Quotas[i].Used);
            writer.Write(state.Quotas[i].Allowed);
        }
    }

    public static DepartureEntry[] ReadDepartures(ref MessagePackReader reader)
    {
        var departures = PayloadFields.NewList<DepartureEntry>(reader.BeginArray(MaxDepartures));
        for (var i = 0; i < departures.Length; i++)
        {
            departures[i] = ReadDeparture(ref reader);
        }

        reader.EndArray();
        return departures;
    }

    public static NodeTotals? ReadTotals(ref MessagePackReader reader)
    {
        if (reader.TryReadNil())
        {
            return null;
        }

        reader.BeginArray(int.MaxValue);
        var totals = new NodeTotals(
            reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
        reader.EndArray();
        return totals;
    }

    public static QuotaEntry[] ReadQuotas(ref MessagePackReader reader)
    {
        var quotas = PayloadFields.NewList<QuotaEntry>(reader.BeginArray(MaxQuotas));
        for (var i = 0; i < quotas.Length; i++)
        {
            reader.BeginArray(int.MaxValue);
            quotas[i] = new((QuotaKind)reader.ReadByte(), reader.ReadInt64(), reader.ReadInt64());
            reader.EndArray();
        }

        reader.EndArray();
        return quotas;
    }

    private static void Write(ref MessagePackWriter writer, NodeTotals? totals)
    {
        if (totals is null)
        {
            writer.WriteNil();
            return;
        }

        writer.BeginArray(8);
        writer.Write(totals.UptimeMilliseconds);
        writer.Write(totals.Forwarded);
        writer.Write(totals.ForwardedBytes);
        writer.Write(totals.Delivered);
        writer.Write(totals.Dropped);
        writer.Write(totals.RelayedBytes);
        writer.Write(totals.RelayDropped);
        writer.Write(totals.OwnBytes);
    }

    private static void Write(ref MessagePackWriter writer, in DepartureEntry departure)
    {
        writer.BeginArray(6);
        writer.Write(departure.Id);
        writer.Write((byte)departure.Kind);
        writer.Write((long)departure.Ago.TotalMilliseconds);
        writer.Write((long)departure.Silence.TotalMilliseconds);
        writer.Write(departure.Probes);
        writer.Write((byte)departure.Failure);
    }

    private static DepartureEntry ReadDeparture(ref MessagePackReader reader)
    {
        reader.BeginArray(int.MaxValue);
        var departure = new DepartureEntry(
            reader.ReadRingId(), reader.ReadEnum<DepartureKind>(), ReadTime(ref reader), ReadTime(ref reader), reader.ReadByte(), reader.ReadEnum<LinkFailure>());
        reader.EndArray();
        return departure;
    }

    /// <summary>Milliseconds; no more than a year, so that sums of them are times too.</summary>
    private static TimeSpan ReadTime(ref MessagePackReader reader)
    {
        const ulong Year = 365UL * 24 * 60 * 60 * 1000;
        return TimeSpan.FromMilliseconds((long)Math.Min(reader.ReadUInt64(), Year));
    }
}
