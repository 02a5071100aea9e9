using System.Runtime.CompilerServices;
using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Chord;

/// <summary>The owners of id + 2^k, row by row; only the distinct ones take room, and only the farthest of them are linked.</summary>
/// <remarks>Fingers make paths short. One rule of the ring looks at them: a finger before the first successor is asked for its list. A mutable value: keep it in a field that is not read-only, never copy it.</remarks>
public struct FingerTable(int maxLinked)
{
    /// <summary>Rows of the table.</summary>
    public const int Rows = RingId.Bits;

    private const byte Nobody = byte.MaxValue;

    private Contact[] _distinct = [];
    private RowIndexes _rows = CreateRows();

    /// <summary>Distinct fingers known.</summary>
    public readonly int Count => _distinct.Length;

    /// <summary>All of them, in no order.</summary>
    public readonly ReadOnlySpan<Contact> Distinct => _distinct;

    /// <summary>The finger of <paramref name="row"/>, if one is known.</summary>
    public readonly Contact? this[int row] => _rows[row] == Nobody ? null : _distinct[_rows[row]];

    /// <summary>Sets the finger of a row. Whether that changed the row.</summary>
    public bool Set(int row, in Contact finger)
    {
        var index = IndexOf(finger.Id);
        if (index >= 0 && _rows[row] == index && _distinct[index].Instance >= finger.Instance)
        {
            return false;
        }

        if (index < 0)
        {
            index = _distinct.Length;
            Array.Resize(ref _distinct, index + 1);
            _distinct[index] = finger;
        }
        else if (_distinct[index].Instance < finger.Instance)
        {
            _distinct[index] = finger;
        }

        _rows[row] = (byte)index;
        Sweep();
        return true;
    }

    /// <summary>Empties <paramref name="row"/> and, with <paramref name="andBelow"/>, all rows nearer to the owner. Whether that changed anything.</summary>
    public bool Clear(int row, bool andBelow)
    {
        var changed = false;
        for (var at = row; at >= (andBelow ? 0 : row); at--)
        {
            changed |= _rows[at] != Nobody;
            _rows[at] = Nobody;
        }

        Sweep();
        return changed;
    }

    /// <summary>Drops <paramref name="id"/> from all rows. Whether it was there.</summary>
    public bool Remove(RingId id)
    {
        var index = IndexOf(id);
        if (index < 0)
        {
            return false;
        }

        for (var row = 0; row < Rows; row++)
        {
            if (_rows[row] == index)
            {
                _rows[row] = Nobody;
            }
        }

        Sweep();
        return true;
    }

    /// <summary>Whether <paramref name="id"/> is a finger.</summary>
    public readonly bool Contains(RingId id) => IndexOf(id) >= 0;

    /// <summary>The highest row of <paramref name="id"/>, or −1.</summary>
    public readonly int RowOf(RingId id)
    {
        var index = IndexOf(id);
        for (var row = Rows - 1; index >= 0 && row >= 0; row--)
        {
            if (_rows[row] == index)
            {
                return row;
            }
        }

        return -1;
    }

    /// <summary>The distinct fingers that are to be linked, farthest first. Returns how many were written.</summary>
    public readonly int CopyLinked(Span<Contact> into)
    {
        var count = 0;
        for (var row = Rows - 1; row >= 0 && count < Math.Min(maxLinked, into.Length); row--)
        {
            if (this[row] is { } finger && !AlreadyIn(into[..count], finger.Id))
            {
                into[count++] = finger;
            }
        }

        return count;
    }

    private static RowIndexes CreateRows()
    {
        var rows = default(RowIndexes);
        ((Span<byte>)rows).Fill(Nobody);
        return rows;
    }

    private static bool AlreadyIn(ReadOnlySpan<Contact> contacts, RingId id)
    {
        foreach (ref readonly var contact in contacts)
        {
            if (contact.Id == id)
            {
                return true;
            }
        }

        return false;
    }

    private readonly int IndexOf(RingId id)
    {
        for (var index = 0; index < _distinct.Length; index++)
        {
            if (_distinct[index].Id == id)
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>Drops the fingers that no row names any more.</summary>
    private void Sweep()
    {
        for (var index = _distinct.Length - 1; index >= 0; index--)
        {
            if (((ReadOnlySpan<byte>)_rows).Contains((byte)index))
            {
                continue;
            }

            var fewer = new Contact[_distinct.Length - 1];
            _distinct.AsSpan(0, index).CopyTo(fewer);
            _distinct.AsSpan(index + 1).CopyTo(fewer.AsSpan(index));
            _distinct = fewer;
            for (var row = 0; row < Rows; row++)
            {
                if (_rows[row] != Nobody && _rows[row] > index)
                {
                    _rows[row]--;
                }
            }
        }
    }

    /// <summary>For each row its place among the distinct fingers, or <see cref="Nobody"/>.</summary>
    [InlineArray(Rows)]
    private struct RowIndexes
    {
        private byte _first;
    }
}
