using System.Runtime.InteropServices;
using Overlay.WebRtc.Sctp.Chunks;

namespace Overlay.WebRtc.Sctp;

/// <summary>What became of a fragment.</summary>
internal enum ReassemblyOutcome : byte
{
    Taken,

    /// <summary>The fragments around it cannot be one message (RFC 9260 §6.9), or the message grows too long.</summary>
    Violation,
}

/// <summary>Makes messages of fragments (RFC 9260 §6.9).</summary>
/// <remarks>
/// The fragments of a message have consecutive TSNs. So at the cumulative TSN at most one message is unfinished, and it is built in
/// place; fragments that came too early wait by TSN, in runs that know their own ends, and a run from a beginning to an ending is a
/// message whatever is missing before it. Bounds: the bytes here and in the queues behind stay within the receive buffer.
/// </remarks>
internal sealed class ReassemblyQueue(BufferPool pool, InboundStreams streams, int maxMessageBytes)
{
    private const int ChargePerFragment = 64;

    private readonly Dictionary<uint, Fragment> _early = [];
    private byte[]? _building;
    private int _builtLength;
    private Fragment _first;

    /// <summary>Bytes of fragments that wait, charges included.</summary>
    public long Bytes { get; private set; }

    /// <summary>Set once the peer has skipped TSNs: from then on a fragment without its message is not its mistake.</summary>
    public bool HasSkipped { get; private set; }

    /// <summary>The fragment right after the cumulative TSN.</summary>
    public ReassemblyOutcome AddNext(in DataChunk chunk)
    {
        if (chunk is { IsBeginning: true, IsEnding: true })
        {
            var broken = AbandonBuilding() && !HasSkipped;
            return broken || !TryDeliverWhole(in chunk) ? ReassemblyOutcome.Violation : ReassemblyOutcome.Taken;
        }

        return Continue(Fragment.Of(in chunk), chunk.Payload);
    }

    /// <summary>A fragment further ahead, which had not arrived before.</summary>
    public ReassemblyOutcome AddAhead(in DataChunk chunk)
    {
        if (chunk is { IsBeginning: true, IsEnding: true })
        {
            return TryDeliverWhole(in chunk) ? ReassemblyOutcome.Taken : ReassemblyOutcome.Violation;
        }

        var fragment = Fragment.Of(in chunk);
        fragment.Buffer = pool.Rent(chunk.Payload.Length);
        chunk.Payload.CopyTo(fragment.Buffer);
        Bytes += fragment.Length + ChargePerFragment;
        Join(chunk.Tsn, ref fragment, out var first, out var last);
        _early.Add(chunk.Tsn.Value, fragment);
        SetEnds(first, last);

        return _early[first.Value].IsBeginning && _early[last.Value].IsEnding
            ? Gather(first, last)
            : ReassemblyOutcome.Taken;
    }

    /// <summary>The cumulative TSN moves over <paramref name="tsn"/>, which arrived earlier.</summary>
    public ReassemblyOutcome Pass(Tsn tsn)
    {
        if (!_early.Remove(tsn.Value, out var fragment))
        {
            return AbandonBuilding() && !HasSkipped ? ReassemblyOutcome.Violation : ReassemblyOutcome.Taken; // Delivered already.
        }

        Bytes -= fragment.Length + ChargePerFragment;
        var outcome = Continue(fragment, fragment.Buffer.AsSpan(0, fragment.Length));
        pool.Return(fragment.Buffer!);
        return outcome;
    }

    /// <summary>The peer gives up everything in (<paramref name="from"/>, <paramref name="to"/>] that is not whole (RFC 3758 §3.6).</summary>
    /// <remarks>What is left of a run cut in two begins right after the new cumulative TSN, so the caller passes it next.</remarks>
    public void Skip(Tsn from, Tsn to)
    {
        HasSkipped = true;
        AbandonBuilding();
        if (from.DistanceTo(to) >= DataTracker.MaxAhead)
        {
            foreach (var fragment in _early.Values)
            {
                Bytes -= fragment.Length + ChargePerFragment;
                pool.Return(fragment.Buffer!);
            }

            _early.Clear();
            return;
        }

        for (var tsn = from; tsn != to && _early.Count > 0;)
        {
            tsn = tsn.Next;
            if (_early.Remove(tsn.Value, out var fragment))
            {
                Bytes -= fragment.Length + ChargePerFragment;
                pool.Return(fragment.Buffer!);
            }
        }
    }

    private ReassemblyOutcome Continue(Fragment fragment, ReadOnlySpan<byte> payload)
    {
        if (fragment.IsBeginning)
        {
            if (AbandonBuilding() && !HasSkipped)
            {
                return ReassemblyOutcome.Violation;
            }

            _first = fragment;
            _building = pool.Rent(payload.Length * 2);
        }
        else if (_building is null)
        {
            return HasSkipped ? ReassemblyOutcome.Taken : ReassemblyOutcome.Violation;
        }
        else if (!_first.IsSameMessage(fragment))
        {
            return ReassemblyOutcome.Violation;
        }

        if (_builtLength + payload.Length > maxMessageBytes)
        {
            return ReassemblyOutcome.Violation;
        }

        Append(payload);
        return !fragment.IsEnding || TryDeliverBuilt() ? ReassemblyOutcome.Taken : ReassemblyOutcome.Violation;
    }

    private void Append(ReadOnlySpan<byte> payload)
    {
        if (_builtLength + payload.Length > _building!.Length)
        {
            var larger = pool.Rent(Math.Max(_building.Length * 2, _builtLength + payload.Length));
            _building.AsSpan(0, _builtLength).CopyTo(larger);
            pool.Return(_building);
            _building = larger;
        }

        payload.CopyTo(_building.AsSpan(_builtLength));
        _builtLength += payload.Length;
        Bytes += payload.Length;
    }

    private bool TryDeliverBuilt()
    {
        var buffer = _building!;
        var message = new InboundMessage(_first.StreamId, _first.Ssn, _first.IsUnordered, _first.Ppid, buffer, _builtLength);
        _building = null;
        Bytes -= _builtLength;
        _builtLength = 0;
        return TryDeliver(in message);
    }

    private bool TryDeliverWhole(in DataChunk chunk)
    {
        if (chunk.Payload.Length > maxMessageBytes)
        {
            return false;
        }

        var buffer = pool.Rent(chunk.Payload.Length);
        chunk.Payload.CopyTo(buffer);
        return TryDeliver(new InboundMessage(chunk.StreamId, chunk.Ssn, chunk.IsUnordered, chunk.Ppid, buffer, chunk.Payload.Length));
    }

    private bool TryDeliver(in InboundMessage message)
    {
        if (streams.TryAdd(in message))
        {
            return true;
        }

        pool.Return(message.Buffer);
        return false;
    }

    /// <returns>Whether there was an unfinished message.</returns>
    private bool AbandonBuilding()
    {
        if (_building is null)
        {
            return false;
        }

        pool.Return(_building);
        Bytes -= _builtLength;
        _building = null;
        _builtLength = 0;
        return true;
    }

    /// <summary>Finds the run that a new fragment joins or makes one of two.</summary>
    private void Join(Tsn tsn, ref Fragment fragment, out Tsn first, out Tsn last)
    {
        first = tsn;
        last = tsn;
        if (!fragment.IsBeginning && _early.TryGetValue(tsn.Previous.Value, out var left) && !left.IsEnding)
        {
            first = left.Start;
        }

        if (!fragment.IsEnding && _early.TryGetValue(tsn.Next.Value, out var right) && !right.IsBeginning)
        {
            last = right.End;
        }
    }

    /// <summary>Only the two ends of a run know how far it reaches; what lies between is not looked at until the run is whole.</summary>
    private void SetEnds(Tsn first, Tsn last)
    {
        ref var start = ref CollectionsMarshal.GetValueRefOrNullRef(_early, first.Value);
        start.Start = first;
        start.End = last;
        ref var end = ref CollectionsMarshal.GetValueRefOrNullRef(_early, last.Value);
        end.Start = first;
        end.End = last;
    }

    private ReassemblyOutcome Gather(Tsn first, Tsn last)
    {
        var head = _early[first.Value];
        var total = 0;
        for (var tsn = first; !tsn.IsAfter(last); tsn = tsn.Next)
        {
            var fragment = _early[tsn.Value];
            total += fragment.Length;
            if (!head.IsSameMessage(fragment) || total > maxMessageBytes)
            {
                return ReassemblyOutcome.Violation;
            }
        }

        var buffer = pool.Rent(total);
        var length = 0;
        for (var tsn = first; !tsn.IsAfter(last); tsn = tsn.Next)
        {
            _early.Remove(tsn.Value, out var fragment);
            fragment.Buffer.AsSpan(0, fragment.Length).CopyTo(buffer.AsSpan(length));
            length += fragment.Length;
            Bytes -= fragment.Length + ChargePerFragment;
            pool.Return(fragment.Buffer!);
        }

        return TryDeliver(new InboundMessage(head.StreamId, head.Ssn, head.IsUnordered, head.Ppid, buffer, length))
            ? ReassemblyOutcome.Taken
            : ReassemblyOutcome.Violation;
    }

    /// <summary>A fragment as it is kept. <see cref="Start"/> and <see cref="End"/> are true at the ends of a run only.</summary>
    private struct Fragment
    {
        public DataFlags Flags;
        public ushort StreamId;
        public Ssn Ssn;
        public uint Ppid;
        public byte[]? Buffer;
        public int Length;
        public Tsn Start;
        public Tsn End;

        public readonly bool IsBeginning => (Flags & DataFlags.Beginning) != 0;

        public readonly bool IsEnding => (Flags & DataFlags.Ending) != 0;

        public readonly bool IsUnordered => (Flags & DataFlags.Unordered) != 0;

        public static Fragment Of(in DataChunk chunk) => new()
        {
            Flags = chunk.Flags,
            StreamId = chunk.StreamId,
            Ssn = chunk.Ssn,
            Ppid = chunk.Ppid,
            Length = chunk.Payload.Length,
        };

        /// <summary>Only the first fragment's protocol identifier counts, as RFC 9260 §3.3.1 has it set on the others at will.</summary>
        public readonly bool IsSameMessage(Fragment other) =>
            StreamId == other.StreamId && IsUnordered == other.IsUnordered && (IsUnordered || Ssn == other.Ssn);
    }
}
