using System.Globalization;
using Overlay.Ring;

namespace Overlay.Identity;

/// <summary>Positions that are never given to members.</summary>
public static class GuestIds
{
    /// <summary>The first 8 bits of the ids of a hub's guests (mechanisms §9): prefix ‖ hub number ‖ 32-bit address.</summary>
    public const byte Prefix = 0xff;

    /// <summary>The id of the guest with <paramref name="address"/> at hub <paramref name="hubNumber"/>.</summary>
    public static RingId Of(byte hubNumber, uint address) => RingId.From(((ulong)Prefix << 40) | ((ulong)hubNumber << 32) | address);

    /// <summary>Whether the position belongs to guests, or stands for the hub itself (0).</summary>
    public static bool IsReserved(RingId id) => IsGuest(id) || id.Value == 0;

    /// <summary>Whether the position belongs to a guest of some hub.</summary>
    public static bool IsGuest(RingId id) => id.Value >> 40 == Prefix;

    /// <summary>The number of the hub that a guest lives at.</summary>
    public static byte HubOf(RingId guest) => (byte)(guest.Value >> 32);

    /// <summary>The address of a guest at its hub.</summary>
    public static uint AddressOf(RingId guest) => (uint)guest.Value;

    /// <summary>An address as pages see it: a dotted quad.</summary>
    public static string Quad(uint address) =>
        string.Create(CultureInfo.InvariantCulture, $"{address >> 24}.{(address >> 16) & 255}.{(address >> 8) & 255}.{address & 255}");

    /// <summary>Reads a dotted quad: four decimal numbers, 0 … 255.</summary>
    public static bool TryReadQuad(ReadOnlySpan<char> text, out uint address)
    {
        address = 0;
        Span<Range> parts = stackalloc Range[5];
        if (text.Split(parts, '.') != 4)
        {
            return false;
        }

        foreach (var part in parts[..4])
        {
            if (!byte.TryParse(text[part], NumberStyles.None, CultureInfo.InvariantCulture, out var octet))
            {
                return false;
            }

            address = (address << 8) | octet;
        }

        return true;
    }

    /// <summary>
    /// Reads what stands for a page or a member in Smoke's protocol: a dotted quad is a page at hub <paramref name="homeHub"/>, 12 hexadecimal digits are an id, a page's at any
    /// hub or a member's.
    /// </summary>
    public static bool TryReadAddress(ReadOnlySpan<char> text, byte homeHub, out RingId id)
    {
        if (TryReadQuad(text, out var address))
        {
            id = Of(homeHub, address);
            return true;
        }

        return RingId.TryParse(text, out id) && id.Value != 0;
    }
}
