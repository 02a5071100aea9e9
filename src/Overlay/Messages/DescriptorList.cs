using System.Collections;
using Overlay.Identity;

namespace Overlay.Messages;

/// <summary>What messages say of a list of contacts, without writing it down: a node says the same of its neighbours in one answer after the other.</summary>
/// <remarks>Immutable: whoever made it never writes into <paramref name="contacts"/> again, so all answers may share it.</remarks>
/// <param name="contacts">All with certificates; given away.</param>
public sealed class DescriptorList(Contact[] contacts) : IReadOnlyList<Descriptor>
{
    /// <summary>Nobody.</summary>
    public static readonly DescriptorList Empty = new([]);

    private int _encodedLength;

    /// <summary>Entries.</summary>
    public int Count => contacts.Length;

    /// <summary>The contacts themselves.</summary>
    public ReadOnlySpan<Contact> Contacts => contacts;

    /// <summary>Bytes on the wire.</summary>
    internal int EncodedLength
    {
        get
        {
            if (_encodedLength == 0)
            {
                var length = WireLengths.Array(contacts.Length);
                foreach (var contact in contacts)
                {
                    length += WireLengths.Of(contact.Descriptor);
                }

                _encodedLength = length;
            }

            return _encodedLength;
        }
    }

    public Descriptor this[int index] => contacts[index].Descriptor;

    public IEnumerator<Descriptor> GetEnumerator()
    {
        foreach (var contact in contacts)
        {
            yield return contact.Descriptor;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
