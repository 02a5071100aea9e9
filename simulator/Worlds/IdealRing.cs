using Overlay.Chord;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Simulator.Worlds;

/// <summary>One link of a node in a perfect ring.</summary>
/// <param name="Peer">The other end, by rank.</param>
/// <param name="Purpose">What this end needs it for.</param>
/// <param name="PeerPurpose">What the other end needs it for.</param>
/// <param name="IsIncoming">The other end asked for it.</param>
public readonly record struct RankLink(int Peer, LinkPurpose Purpose, LinkPurpose PeerPurpose, bool IsIncoming);

/// <summary>A perfect ring, computed: who is whose successor, finger and neighbour, with the degree cap kept as the protocol keeps it.</summary>
/// <remarks>
/// Ranks run from 0 in the order of the positions. For a finger that has no room the next members of the row's interval are asked, as a full member's answer would have
/// told, and then some points of the interval, as a node does (mechanisms §2). 192 bytes a node, to be forgotten once the nodes are made.
/// </remarks>
public sealed class IdealRing
{
    private const int MaxAlternatives = 4;
    private const int MaxPoints = 3;
    private const int RankBits = 24;
    private const int RankMask = (1 << RankBits) - 1;
    private const int IncomingBit = 1 << 30;

    private readonly OverlayOptions _options;
    private readonly RingId[] _ids;
    private readonly int[] _firstOfSlot;
    private readonly int _slotShift;
    private readonly int[] _links;
    private readonly byte[] _degrees;
    private readonly int _cap;

    /// <param name="ids">The positions, ascending and distinct; at least two more than the successor list is long, at most 2^24.</param>
    /// <param name="options">The tunables of every node.</param>
    public IdealRing(RingId[] ids, OverlayOptions options)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(ids.Length, options.SuccessorListLength + 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ids.Length, RankMask);
        (_ids, _options, _cap) = (ids, options, Math.Min(options.MaxLinks, byte.MaxValue));
        _slotShift = RingId.Bits - Math.Clamp((int)Math.Log2(ids.Length), 1, 24);
        _firstOfSlot = IndexSlots();
        _links = new int[ids.Length * _cap];
        _degrees = new byte[ids.Length];
        LinkNeighbours();
        LinkFingers();
    }

    /// <summary>Members.</summary>
    public int Count => _ids.Length;

    /// <summary>The rank <paramref name="steps"/> places clockwise from <paramref name="rank"/>; negative: the other way.</summary>
    public int After(int rank, int steps) => (int)(((long)rank + steps + _ids.Length) % _ids.Length);

    /// <summary>Who owns a key.</summary>
    public int OwnerOf(RingId key)
    {
        var at = _firstOfSlot[(int)(key.Value >> _slotShift)];
        while (at < _ids.Length && _ids[at].Value < key.Value)
        {
            at++;
        }

        return at == _ids.Length ? 0 : at;
    }

    /// <summary>The finger of each row, −1 where the successor owns it; rows that are linked name the member that had room.</summary>
    public void CopyFingers(int rank, Span<int> rows)
    {
        rows[..FingerTable.Rows].Fill(-1);
        var distinct = 0;
        var last = -1;
        for (var row = FingerTable.Rows - 1; row >= 0; row--)
        {
            var owner = OwnerOf(_ids[rank].FingerStart(row));
            if (owner == After(rank, 1))
            {
                return;
            }

            if (owner == rank)
            {
                continue;
            }

            distinct += owner == last ? 0 : 1;
            last = owner;
            rows[row] = distinct <= _options.MaxFingers ? LinkedFor(rank, row, owner) : owner;
        }
    }

    /// <summary>The links of a rank.</summary>
    /// <returns>How many there are; at most <see cref="OverlayOptions.MaxLinks"/>.</returns>
    public int CopyLinks(int rank, Span<RankLink> links)
    {
        for (var index = 0; index < _degrees[rank]; index++)
        {
            var packed = _links[(rank * _cap) + index];
            var (purpose, peerPurpose) = ((LinkPurpose)((packed >> RankBits) & 3), (LinkPurpose)((packed >> (RankBits + 2)) & 3));
            links[index] = new(packed & RankMask, purpose, peerPurpose, (packed & IncomingBit) != 0);
        }

        return _degrees[rank];
    }

    private int[] IndexSlots()
    {
        var first = new int[(1 << (RingId.Bits - _slotShift)) + 1];
        var at = 0;
        for (var slot = 0; slot < first.Length; slot++)
        {
            while (at < _ids.Length && (int)(_ids[at].Value >> _slotShift) < slot)
            {
                at++;
            }

            first[slot] = at;
        }

        return first;
    }

    private void LinkNeighbours()
    {
        for (var rank = 0; rank < _ids.Length; rank++)
        {
            for (var step = 1; step <= _options.LinkedSuccessors; step++)
            {
                Want(rank, After(rank, step), LinkPurpose.Ring);
            }
        }
    }

    private void LinkFingers()
    {
        for (var rank = 0; rank < _ids.Length; rank++)
        {
            var distinct = 0;
            var last = -1;
            for (var row = FingerTable.Rows - 1; row >= 0 && distinct < _options.MaxFingers; row--)
            {
                var owner = OwnerOf(_ids[rank].FingerStart(row));
                if (owner == After(rank, 1))
                {
                    break;
                }

                if (owner != rank && owner != last)
                {
                    (last, distinct) = (owner, distinct + 1);
                    WantFinger(rank, row, owner);
                }
            }
        }
    }

    private void WantFinger(int rank, int row, int owner)
    {
        for (var step = 0; step <= MaxAlternatives && After(owner, step) is var candidate && IsInRow(rank, row, candidate); step++)
        {
            if (Want(rank, candidate, LinkPurpose.Finger))
            {
                return;
            }
        }

        var points = new Prng(((ulong)rank << 8) | (uint)row);
        for (var left = MaxPoints; left > 0; left--)
        {
            var candidate = OwnerOf(_ids[rank].FingerStart(row).Plus(points.Next() & ((1UL << row) - 1)));
            if (IsInRow(rank, row, candidate) && Want(rank, candidate, LinkPurpose.Finger))
            {
                return;
            }
        }
    }

    /// <summary>The member that stands for a row whose owner may have had no room; −1 where nobody had.</summary>
    private int LinkedFor(int rank, int row, int owner)
    {
        var found = -1;
        for (var at = rank * _cap; at < (rank * _cap) + _degrees[rank]; at++)
        {
            var peer = _links[at] & RankMask;
            if (((LinkPurpose)(_links[at] >> RankBits) & LinkPurpose.Finger) != 0 && IsInRow(rank, row, peer) && found != owner)
            {
                found = peer;
            }
        }

        return found;
    }

    /// <summary>Whether a member may stand for a row: it lies in [id + 2^row, id + 2^(row + 1)), or is the owner all the same where nobody does.</summary>
    private bool IsInRow(int rank, int row, int candidate) =>
        candidate != rank && (candidate == OwnerOf(_ids[rank].FingerStart(row)) || _ids[rank].ClockwiseTo(_ids[candidate]) >> row == 1);

    private bool Want(int rank, int peer, LinkPurpose purpose)
    {
        var own = IndexOf(rank, peer);
        if (own < 0)
        {
            if (_degrees[rank] == _cap || _degrees[peer] == _cap)
            {
                return false;
            }

            own = Add(rank, peer, isIncoming: false);
            Add(peer, rank, isIncoming: true);
        }

        _links[own] |= (int)purpose << RankBits;
        _links[IndexOf(peer, rank)] |= (int)purpose << (RankBits + 2);
        return true;
    }

    private int Add(int rank, int peer, bool isIncoming)
    {
        var at = (rank * _cap) + _degrees[rank]++;
        _links[at] = peer | (isIncoming ? IncomingBit : 0);
        return at;
    }

    private int IndexOf(int rank, int peer)
    {
        for (var at = rank * _cap; at < (rank * _cap) + _degrees[rank]; at++)
        {
            if ((_links[at] & RankMask) == peer)
            {
                return at;
            }
        }

        return -1;
    }
}
