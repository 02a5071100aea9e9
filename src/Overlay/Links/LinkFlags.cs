using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Links;

/// <summary>The place of an open link: the peer's position, and what the link is like, in one number that sorts by position.</summary>
/// <remarks>
/// <code>
/// 63            16 15 14  13       12        11 … 8       7 … 4          3 … 0
/// position (48)    watch  suspect  incoming  peer's phase  peer's purpose  purpose
/// </code>
/// </remarks>
internal static class LinkFlags
{
    public const int Bits = 16;
    public const ulong Incoming = 1UL << 12;
    public const ulong Suspect = 1UL << 13;

    private const ulong Nibble = 0xF;
    private const int PeerPurposeAt = 4;
    private const int PeerPhaseAt = 8;
    private const int WatchAt = 14;
    private const ulong WatchMask = 3;

    /// <summary>The lowest place of a position.</summary>
    public static ulong Of(RingId peer) => peer.Value << Bits;

    public static RingId PeerOf(ulong place) => RingId.From(place >> Bits);

    public static LinkPurpose PurposeOf(ulong place) => (LinkPurpose)(place & Nibble);

    public static LinkPurpose PeerPurposeOf(ulong place) => (LinkPurpose)((place >> PeerPurposeAt) & Nibble);

    public static NodePhase PeerPhaseOf(ulong place) => (NodePhase)((place >> PeerPhaseAt) & Nibble);

    public static LinkWatch WatchOf(ulong place) => (LinkWatch)((place >> WatchAt) & WatchMask);

    public static void SetPurpose(ref ulong place, LinkPurpose purpose) => Set(ref place, 0, Nibble, (ulong)purpose);

    public static void SetPeerPurpose(ref ulong place, LinkPurpose purpose) => Set(ref place, PeerPurposeAt, Nibble, (ulong)purpose);

    public static void SetPeerPhase(ref ulong place, NodePhase phase) => Set(ref place, PeerPhaseAt, Nibble, (ulong)phase);

    public static void SetWatch(ref ulong place, LinkWatch watch) => Set(ref place, WatchAt, WatchMask, (ulong)watch);

    /// <summary>Whether messages for others may go this way, and the link is none that <paramref name="suspects"/> forbids.</summary>
    public static bool Forwards(ulong place, bool suspects) =>
        PeerPhaseOf(place) is NodePhase.Member or NodePhase.Founding && (suspects || (place & Suspect) == 0);

    private static void Set(ref ulong place, int at, ulong mask, ulong value) => place = (place & ~(mask << at)) | ((value & mask) << at);
}
