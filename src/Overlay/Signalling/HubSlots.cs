using System.Buffers.Binary;
using System.Security.Cryptography;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Signalling;

/// <summary>The ring keys of the gateway slots of a network's hubs: who is responsible for one holds that slot (mechanisms §4).</summary>
/// <remarks>The same for all nodes of a network: a host of many nodes shares one table among them. Immutable.</remarks>
public sealed class HubSlots
{
    private readonly RingId[] _keys;

    /// <param name="hubKey">The network's key, 64 bytes.</param>
    /// <param name="hubCount">Hubs that the nodes know, at least 1.</param>
    public HubSlots(ReadOnlySpan<byte> hubKey, int hubCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hubCount);
        _keys = new RingId[hubCount * Attach.SlotCount];
        for (var hub = 0; hub < hubCount; hub++)
        {
            for (var slot = 0; slot < Attach.SlotCount; slot++)
            {
                _keys[(hub * Attach.SlotCount) + slot] = KeyOf(hubKey, unchecked((byte)hub), slot);
            }
        }
    }

    /// <summary>Hubs in the table.</summary>
    public int HubCount => _keys.Length / Attach.SlotCount;

    /// <summary>The key of a slot: the first 48 bits of SHA-256(hub key ‖ hub number ‖ slot).</summary>
    public RingId this[int hub, int slot] => _keys[(hub * Attach.SlotCount) + slot];

    /// <summary>The key of one slot, of a hub with any number.</summary>
    /// <param name="hubKey">The network's key, 64 bytes.</param>
    /// <param name="hub">The hub's number.</param>
    /// <param name="slot">The slot, 0 … 7.</param>
    public static RingId KeyOf(ReadOnlySpan<byte> hubKey, byte hub, int slot)
    {
        Span<byte> input = stackalloc byte[ISigning.PublicKeyBytes + 2];
        ArgumentOutOfRangeException.ThrowIfNotEqual(hubKey.Length, ISigning.PublicKeyBytes);
        hubKey.CopyTo(input);
        (input[^2], input[^1]) = (hub, (byte)slot);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, digest);
        return RingId.From(BinaryPrimitives.ReadUInt64BigEndian(digest) >> 16);
    }
}
