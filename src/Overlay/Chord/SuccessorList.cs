using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Chord;

/// <summary>The members that follow a node clockwise, nearest first: what the ring is made of.</summary>
/// <remarks>
/// <para>Invariant: entries lie in clockwise order from the owner, without duplicates and without the owner. The list may be shorter than r: there are no
/// artificial entries, which the proof uses only to keep its lists at one length.</para>
/// <para><see cref="Version"/> counts changes, so that the answer to a query can be refused when the list it was meant for is no more (Zave: a step is atomic).</para>
/// <para>A mutable value: keep it in a field that is not read-only, never copy it.</para>
/// </remarks>
public struct SuccessorList(RingId owner, int capacity)
{
    private DescriptorList _list = DescriptorList.Empty; // Replaced at each change: answers under way hold the former one.

    /// <summary>Entries now.</summary>
    public readonly int Count => _list.Count;

    /// <summary>Entries at the most, r.</summary>
    public int Capacity { get; } = capacity;

    /// <summary>Grows with each change.</summary>
    public int Version { get; private set; }

    /// <summary>The entries, nearest first.</summary>
    public readonly ReadOnlySpan<Contact> Entries => _list.Contacts;

    /// <summary>What messages say of them.</summary>
    public readonly IReadOnlyList<Descriptor> Described => _list;

    /// <summary>What messages say of all but the first entry.</summary>
    public readonly Descriptor[] DescribedAfterFirst()
    {
        var rest = new Descriptor[Count - 1];
        for (var at = 0; at < rest.Length; at++)
        {
            rest[at] = Entries[at + 1].Descriptor;
        }

        return rest;
    }

    /// <summary>The first entry. There must be one.</summary>
    public readonly Contact First
    {
        get
        {
            Invariant.Check(Count > 0, "the first entry of an empty successor list was asked for");
            return Entries[0];
        }
    }

    /// <summary>
    /// The list that follows from adopting <paramref name="first"/> and its own list: <c>[first] ++ rest</c> without what exceeds r (Zave's Stabilize and Join).
    /// Stops where the list comes round to the owner or is out of order; leaves out what <paramref name="departed"/> knows to be gone.
    /// </summary>
    /// <param name="ringOwner">Whose list it will be.</param>
    /// <param name="first">The member that answered.</param>
    /// <param name="rest">Its successor list.</param>
    /// <param name="departed">Nodes whose departure is confirmed.</param>
    /// <param name="into">Room for r entries.</param>
    /// <param name="closes">Whether the list came round to its owner with room to spare: the ring has at most r members.</param>
    /// <returns>Entries written.</returns>
    public static int Compose(
        RingId ringOwner, in Contact first, ReadOnlySpan<Contact> rest, DepartedNodes departed, Span<Contact> into, out bool closes)
    {
        closes = false;
        var count = 0;
        var reached = 0UL;
        if (!departed.Contains(first.Id, first.Instance))
        {
            into[count++] = first;
            reached = ringOwner.ClockwiseTo(first.Id);
        }

        foreach (ref readonly var next in rest)
        {
            if (count == into.Length)
            {
                break;
            }

            if (next.Id == ringOwner)
            {
                closes = true;
                break;
            }

            var distance = ringOwner.ClockwiseTo(next.Id);
            if (distance <= reached)
            {
                break; // Past the owner, who is unknown there, or nonsense: what follows says nothing about the owner's successors.
            }

            reached = distance;
            if (!departed.Contains(next.Id, next.Instance))
            {
                into[count++] = next;
            }
        }

        return count;
    }

    /// <summary>A name for a part of a list, so short that it travels with a question. Never 0. Two lists have the same once in 2^32 times; the next change then tells.</summary>
    public static uint DigestOf(ReadOnlySpan<Contact> entries)
    {
        var digest = 0UL;
        foreach (ref readonly var entry in entries)
        {
            digest = Mixed(digest ^ entry.Id.Value);
            digest = Mixed(digest ^ (ulong)entry.Instance ^ (ulong)entry.Certificate.Hash.Value);
        }

        return (uint)(digest >> 32) | 1;
    }

    /// <summary>The entries of two lists in one order, as many as there is room for; of two instances of a node the newer.</summary>
    /// <returns>Entries written.</returns>
    public static int Merge(RingId ringOwner, ReadOnlySpan<Contact> first, ReadOnlySpan<Contact> second, Span<Contact> into)
    {
        int count = 0, one = 0, two = 0;
        while (count < into.Length && (one < first.Length || two < second.Length))
        {
            var toFirst = one < first.Length ? ringOwner.ClockwiseTo(first[one].Id) : ulong.MaxValue;
            var toSecond = two < second.Length ? ringOwner.ClockwiseTo(second[two].Id) : ulong.MaxValue;
            if (toFirst == toSecond)
            {
                into[count++] = first[one].Instance >= second[two].Instance ? first[one] : second[two];
                (one, two) = (one + 1, two + 1);
            }
            else
            {
                into[count++] = toFirst < toSecond ? first[one++] : second[two++];
            }
        }

        return count;
    }

    /// <summary>Takes <paramref name="entries"/> as the list. Whether that changed it.</summary>
    public bool Assign(ReadOnlySpan<Contact> entries)
    {
        CheckOrder(entries);
        if (SameAs(entries))
        {
            return false;
        }

        Become(entries.ToArray());
        return true;
    }

    /// <summary>Drops the entry of <paramref name="id"/>. Whether there was one.</summary>
    public bool Remove(RingId id)
    {
        var index = IndexOf(id);
        if (index < 0)
        {
            return false;
        }

        Become([.. Entries[..index], .. Entries[(index + 1)..]]);
        return true;
    }

    /// <summary>Forgets all entries.</summary>
    public void Clear()
    {
        if (Count > 0)
        {
            Become([]);
        }
    }

    /// <summary>Where <paramref name="id"/> stands, or −1.</summary>
    public readonly int IndexOf(RingId id)
    {
        for (var index = 0; index < Count; index++)
        {
            if (Entries[index].Id == id)
            {
                return index;
            }
        }

        return -1;
    }

    private void Become(Contact[] entries)
    {
        _list = entries.Length == 0 ? DescriptorList.Empty : new(entries);
        Version++;
    }

    private readonly bool SameAs(ReadOnlySpan<Contact> entries)
    {
        if (entries.Length != Count)
        {
            return false;
        }

        for (var index = 0; index < Count; index++)
        {
            if (Entries[index].Id != entries[index].Id || Entries[index].Instance != entries[index].Instance)
            {
                return false;
            }
        }

        return true;
    }

    private readonly void CheckOrder(ReadOnlySpan<Contact> entries)
    {
        var reached = 0UL;
        Invariant.Check(entries.Length <= Capacity, "a successor list is longer than r");
        foreach (ref readonly var entry in entries)
        {
            var distance = owner.ClockwiseTo(entry.Id);
            Invariant.Check(distance > reached, "a successor list is out of order");
            reached = distance;
        }
    }

    private static ulong Mixed(ulong value)
    {
        value = (value ^ (value >> 32)) * 0x9E3779B97F4A7C15;
        return value ^ (value >> 29);
    }
}
