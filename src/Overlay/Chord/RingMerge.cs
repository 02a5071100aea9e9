using Overlay.Identity;
using Overlay.Links;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

/// <summary>What a member keeps of nodes that vanished and of another ring that it meets: made with the first of them, forgotten with the last.</summary>
/// <remarks>Every list is bounded; one more entry takes the place of the oldest.</remarks>
internal sealed class RingMerge
{
    /// <summary>Neighbours that vanished and may come back; the paper's passive list.</summary>
    public const int MaxVanished = 4;

    /// <summary>Members of perhaps another ring that the hub named.</summary>
    public const int MaxNamed = 8;

    /// <summary>Links into another ring.</summary>
    public const int MaxBridges = 8;

    /// <summary>Detections that wait for their turn.</summary>
    public const int MaxDetections = 16;

    /// <summary>Messages about merging that are looked at in a second; more are dropped.</summary>
    public const int MaxMessagesPerSecond = 64;

    private const int MaxPlaced = 16;

    /// <summary>A neighbour that vanished is asked after 10 s, then after twice as long each time.</summary>
    public static readonly TimeSpan FirstProbe = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan LongestProbe = TimeSpan.FromMinutes(5);
    public static readonly TimeSpan VanishedLife = TimeSpan.FromHours(1);

    /// <summary>A member that the hub named is tried for so long, every few seconds.</summary>
    public static readonly TimeSpan NamedLife = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan NamedPeriod = TimeSpan.FromSeconds(4);

    /// <summary>A member that introduces is asked so often by this ring's own ways, before it is taken to be of another.</summary>
    public const int Questions = 2;

    /// <summary>Between two detections of one node (the paper's gamma).</summary>
    public static readonly TimeSpan DetectionPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Nobody is told its place twice within this time: meanwhile it sets up its links.</summary>
    public static readonly TimeSpan PlacedMemory = TimeSpan.FromSeconds(2);

    /// <summary>After the last news of another ring its bridges are kept so long.</summary>
    public static readonly TimeSpan BridgeLife = TimeSpan.FromSeconds(30);

    /// <summary>A field: the bucket is a mutable struct.</summary>
    public TokenBucket Messages;

    private readonly List<(RingId Id, Moment At)> _placed = [];
    private readonly List<(RingId Id, Moment At)> _told = [];

    public List<VanishedNeighbour> Vanished { get; } = [];

    public List<NamedMember> Named { get; } = [];

    /// <summary>Members of another network that this node met by name: what they say of their set is not of this one.</summary>
    public List<(RingId Id, Moment Until)> Others { get; } = [];

    public List<RingId> Bridges { get; } = [];

    public List<Detection> Detections { get; } = [];

    public Moment NextDetection { get; set; } = Instant.Never;

    /// <summary>Until then the rings are taken to be merging.</summary>
    public Moment ActiveUntil { get; set; }

    /// <summary>A member of the other ring that stands between this node and its successor, while a link to it is made.</summary>
    public Contact? Candidate { get; set; }

    public Moment CandidateUntil { get; set; } = Instant.Never;

    /// <summary>Nothing to remember.</summary>
    public bool IsEmpty => Vanished.Count == 0 && Named.Count == 0 && Others.Count == 0 && Bridges.Count == 0 && Detections.Count == 0 && Candidate is null;

    /// <summary>When something is to be done.</summary>
    public Instant NextDue
    {
        get
        {
            Instant due = Candidate is null ? Instant.Never : CandidateUntil;
            due = Detections.Count == 0 ? due : Instant.Min(due, NextDetection);
            due = Bridges.Count == 0 ? due : Instant.Min(due, ActiveUntil + BridgeLife);
            foreach (var vanished in Vanished)
            {
                due = Instant.Min(due, vanished.Due);
            }

            foreach (var named in Named)
            {
                due = Instant.Min(due, named.Due);
            }

            foreach (var (_, until) in Others)
            {
                due = Instant.Min(due, until);
            }

            return due;
        }
    }

    /// <summary>Whether <paramref name="id"/> was told its place a moment ago; if not, it counts as told from now on.</summary>
    public bool WasPlaced(Instant now, RingId id) => IsKnown(_placed, now, id);

    /// <summary>Whether somebody was told of <paramref name="id"/> a moment ago; if not, it counts as told from now on.</summary>
    public bool WasToldOf(Instant now, RingId id) => IsKnown(_told, now, id);

    /// <summary>Takes <paramref name="id"/> off the passive list. Whether it was there.</summary>
    public bool RemoveVanished(RingId id) => Vanished.RemoveAll(vanished => vanished.Contact.Id == id) > 0;

    /// <summary>Somebody answered a question that this ring carried.</summary>
    public void Answered(RingId id)
    {
        if (Named.Count > 0)
        {
            Named.RemoveAll(named => named.Contact.Id == id && named.IsAsked);
        }
    }

    /// <summary>Forgets strangers whom it met too long ago.</summary>
    public void ForgetOthers(Instant now)
    {
        if (Others.Count > 0)
        {
            Others.RemoveAll(other => now >= other.Until);
        }
    }

    /// <summary>Adds an item; the oldest makes room.</summary>
    public static void AddBounded<T>(List<T> list, T item, int max)
    {
        if (list.Count == max)
        {
            list.RemoveAt(0);
        }

        list.Add(item);
    }

    private static bool IsKnown(List<(RingId Id, Moment At)> list, Instant now, RingId id)
    {
        for (var index = list.Count - 1; index >= 0; index--)
        {
            if (now - list[index].At > PlacedMemory)
            {
                list.RemoveAt(index);
            }
            else if (list[index].Id == id)
            {
                return true;
            }
        }

        AddBounded(list, (id, now), MaxPlaced);
        return false;
    }

    /// <summary>Somebody who was a neighbour and did not say good-bye.</summary>
    public readonly record struct VanishedNeighbour(Contact Contact, Moment Due, TimeSpan Pause, Moment Until);

    /// <summary>Somebody whom a hub named, or a member that introduces; reached through that one's session.</summary>
    /// <param name="Contact">Who.</param>
    /// <param name="Due">When to ask or to try again.</param>
    /// <param name="Until">Given up then.</param>
    /// <param name="Questions">Still to be asked by this ring's own ways, before a link is looked for: who answers is on this ring.</param>
    public readonly record struct NamedMember(Contact Contact, Moment Due, Moment Until, int Questions = 0)
    {
        /// <summary>An answer is waited for.</summary>
        public bool IsAsked => Questions > 0;
    }

    /// <summary>Somebody of another ring, and through whom it is reached.</summary>
    public readonly record struct Detection(Contact Contact, RingId? Via, byte Gossip);
}
