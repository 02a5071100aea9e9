using Overlay.Identity;
using Overlay.Ring;
using Overlay.Wire;

namespace Overlay.Messages;

/// <summary>
/// A <see cref="RootWarrant"/> on the wire: <c>[appointment (bin 83), [[root's certificate, epoch, rank, stand-in, view (bin 6 × n), signature, [[certificate,
/// signature]…]]…]]</c>, or nil.
/// </summary>
internal static class RootWarrantCodec
{
    public static void WriteOptional(this ref MessagePackWriter writer, RootWarrant? warrant)
    {
        if (warrant is null)
        {
            writer.WriteNil();
            return;
        }

        writer.BeginArray(2);
        writer.Write(warrant.Appointment.Encoded);
        writer.BeginArray(warrant.Successions.Count);
        for (var i = 0; i < warrant.Successions.Count; i++)
        {
            Write(ref writer, warrant.Successions[i]);
        }
    }

    public static RootWarrant? ReadOptionalWarrant(this ref MessagePackReader reader)
    {
        if (reader.TryReadNil())
        {
            return null;
        }

        reader.BeginArray(int.MaxValue);
        var appointment = reader.ReadAppointment();
        var successions = PayloadFields.NewList<RootSuccession>(reader.BeginArray(RootWarrant.MaxSuccessions));
        for (var i = 0; i < successions.Length && !reader.Failed; i++)
        {
            successions[i] = ReadSuccession(ref reader);
        }

        reader.EndArray();
        reader.EndArray();
        return reader.Failed ? null : new(appointment, successions);
    }

    public static RootAppointment ReadAppointment(this ref MessagePackReader reader)
    {
        if (!RootAppointment.TryRead(reader.ReadBinary(RootAppointment.EncodedBytes), out var appointment))
        {
            reader.Fail();
        }

        return appointment;
    }

    public static void WriteIds(this ref MessagePackWriter writer, IReadOnlyList<RingId> ids)
    {
        if (writer.TryWriteBinary(ids.Count * RingId.Bytes, out var place))
        {
            for (var i = 0; i < ids.Count; i++)
            {
                PayloadFields.WriteTo(place[(i * RingId.Bytes)..], ids[i]);
            }
        }
    }

    public static RingId[] ReadIds(this ref MessagePackReader reader, int most)
    {
        var bytes = reader.ReadBinary(most * RingId.Bytes);
        if (bytes.Length % RingId.Bytes != 0)
        {
            reader.Fail();
            return [];
        }

        var ids = PayloadFields.NewList<RingId>(bytes.Length / RingId.Bytes);
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = PayloadFields.RingIdFrom(bytes[(i * RingId.Bytes)..]);
        }

        return ids;
    }

    private static void Write(ref MessagePackWriter writer, RootSuccession succession)
    {
        writer.BeginArray(7);
        writer.Write(succession.Root);
        writer.Write((ulong)succession.Epoch);
        writer.Write(succession.Rank);
        writer.Write(succession.StandIn);
        writer.WriteIds(succession.View);
        writer.Write(succession.Signature.Span);
        writer.BeginArray(succession.Votes.Count);
        for (var i = 0; i < succession.Votes.Count; i++)
        {
            writer.BeginArray(2);
            writer.Write(succession.Votes[i].Voter);
            writer.Write(succession.Votes[i].Signature.Span);
        }
    }

    private static RootSuccession ReadSuccession(ref MessagePackReader reader)
    {
        reader.BeginArray(int.MaxValue);
        var (root, epoch, rank, standIn) = (reader.ReadCertificate(), reader.ReadUInt32(), reader.ReadByte(), reader.ReadRingId());
        var (view, signature) = (reader.ReadIds(RootWarrant.MaxView), reader.ReadSignature());
        var votes = PayloadFields.NewList<RootVote>(reader.BeginArray(RootWarrant.MaxVotes));
        for (var i = 0; i < votes.Length && !reader.Failed; i++)
        {
            reader.BeginArray(int.MaxValue);
            votes[i] = new(reader.ReadCertificate(), reader.ReadSignature());
            reader.EndArray();
        }

        reader.EndArray();
        reader.EndArray();
        return new(root, epoch, rank, standIn, view, signature, votes);
    }

    public static uint ReadUInt32(this ref MessagePackReader reader)
    {
        var value = reader.ReadUInt64();
        if (value > uint.MaxValue)
        {
            reader.Fail();
        }

        return (uint)value;
    }
}
