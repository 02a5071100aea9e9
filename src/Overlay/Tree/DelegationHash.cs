using Overlay.Ring;

namespace Overlay.Tree;

/// <summary>The hash by which a full node chooses the child that a newcomer is passed to: webrtc-tree-overlay's, bit for bit.</summary>
/// <remarks>Robert Jenkins' mix of 32 bits with each of its six steps cut to 31. All signals of one origin take the same way, because nothing but origin and node goes in.</remarks>
public static class DelegationHash
{
    private const uint Mask = 0x7FFF_FFFF;
    private const int PrefixShift = RingId.Bits - 24;

    /// <summary>The mix of <paramref name="value"/>, 31 bits.</summary>
    public static uint Of(uint value)
    {
        // The seed added in doubles and shifted in 32 bits; cut to 31 bits that is the same as wrapping.
        var a = value;
        unchecked
        {
            a = (a + 0x7ED5_5D16 + (a << 12)) & Mask;
            a = (a ^ 0xC761_C23C ^ (a >> 19)) & Mask;
            a = (a + 0x1656_67B1 + (a << 5)) & Mask;
            a = ((a + 0xD3A2_646C) ^ (a << 9)) & Mask;
            a = (a + 0xFD70_46C5 + (a << 3)) & Mask;
            return (a ^ 0xB55A_4F09 ^ (a >> 16)) & Mask;
        }
    }

    /// <summary>The child number for an origin's prefix at a node with the given number.</summary>
    /// <param name="originPrefix">The first 6 hexadecimal digits of the origin.</param>
    /// <param name="node">The node's own number (the seed's ids had up to 6 decimal digits; ours give their first 24 bits).</param>
    /// <param name="maxDegree">Children that a node may have.</param>
    public static int Slot(uint originPrefix, uint node, int maxDegree) => (int)(Of(originPrefix ^ node) % (uint)maxDegree);

    /// <summary>The child number for <paramref name="origin"/> at <paramref name="node"/>.</summary>
    public static int Slot(RingId origin, RingId node, int maxDegree) =>
        Slot((uint)(origin.Value >> PrefixShift), (uint)(node.Value >> PrefixShift), maxDegree);
}
