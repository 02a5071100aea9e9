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
}
