using System.Buffers.Binary;
using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Messages;

/// <summary>A child of a dead root says so, and whom it takes for the new one.</summary>
/// <param name="Voter">The child.</param>
/// <param name="Signature">Its own, over epoch, dead root and stand-in.</param>
public sealed record RootVote(NodeCertificate Voter, ReadOnlyMemory<byte> Signature);

/// <summary>How a root came to be that no hub appointed: the one before named it as a stand-in, and its children said that it is dead.</summary>
/// <param name="Root">The dead root.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Rank">The stand-in's rank; the last one has 1.</param>
/// <param name="StandIn">The new root.</param>
/// <param name="View">The dead root's children, whose votes count.</param>
/// <param name="Signature">The dead root's, over all before.</param>
/// <param name="Votes">The votes.</param>
public sealed record RootSuccession(
    NodeCertificate Root, uint Epoch, byte Rank, RingId StandIn, IReadOnlyList<RingId> View, ReadOnlyMemory<byte> Signature, IReadOnlyList<RootVote> Votes)
{
    /// <summary>Whether the vote of <paramref name="node"/> counts.</summary>
    public bool MayVote(RingId node)
    {
        foreach (var child in View)
        {
            if (child == node)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>What shows a root to be one: the hub's word for the first, and for each that followed without the hub the word of the one before and of its children.</summary>
/// <remarks>
/// <code>
/// stand-in:  | "overlay stand-in v1"  | audience 8 | epoch 4 | rank 1 | stand-in 6 | child 6 … |         signed by the root, while it lives
/// vote:      | "overlay root lost v1" | audience 8 | epoch 4 | root 6 | stand-in 6 |                     signed by each of its children
/// </code>
/// <para>More than half of the children must have voted; for the last stand-in one is enough, as it is for the tree (<c>docs/decisions/0010-trees.md</c>).</para>
/// </remarks>
/// <param name="Appointment">The hub's word.</param>
/// <param name="Successions">Those who followed, the oldest first; at most <see cref="MaxSuccessions"/>.</param>
public sealed record RootWarrant(RootAppointment Appointment, IReadOnlyList<RootSuccession> Successions)
{
    /// <summary>Roots that may follow each other without a hub and still be shown to be rightful; the next one is root all the same, as one of whom nothing is known.</summary>
    public const int MaxSuccessions = 6;

    /// <summary>Children of a root whose votes count.</summary>
    public const int MaxView = 32;

    /// <summary>Votes that are kept: a majority of the largest view.</summary>
    public const int MaxVotes = (MaxView / 2) + 1;

    private const int VoteBytes = 20 + NetworkId.Bytes + 4 + RingId.Bytes + RingId.Bytes;

    private static ReadOnlySpan<byte> StandInLabel => "overlay stand-in v1"u8;

    private static ReadOnlySpan<byte> VoteLabel => "overlay root lost v1"u8;

    /// <summary>Whose warrant it is, if it is true.</summary>
    public RingId Root => Successions.Count == 0 ? Appointment.Root : Successions[^1].StandIn;

    /// <summary>The epoch with which that root begins; it may have raised it since.</summary>
    public uint Epoch => Successions.Count == 0 ? Appointment.Epoch : Successions[^1].Epoch + 1;

    /// <summary>Votes that a succession needs.</summary>
    public static int VotesNeeded(byte rank, int viewed) => rank == 1 ? 1 : (viewed / 2) + 1;

    /// <summary>The root names a stand-in.</summary>
    public static byte[] SignStandIn(ISigning signing, NetworkId network, uint epoch, byte rank, RingId standIn, IReadOnlyList<RingId> view)
    {
        ArgumentNullException.ThrowIfNull(signing);
        var signature = new byte[ISigning.SignatureBytes];
        signing.Sign(StandInText(network, epoch, rank, standIn, view), signature);
        return signature;
    }

    /// <summary>Whether the root of that certificate named the stand-in.</summary>
    public static bool VerifyStandIn(
        ISigning signing, NodeCertificate root, uint epoch, byte rank, RingId standIn, IReadOnlyList<RingId> view, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(root);
        return view.Count <= MaxView && signature.Length == ISigning.SignatureBytes
            && signing.Verify(root.PublicKey, StandInText(root.Audience, epoch, rank, standIn, view), signature);
    }

    /// <summary>A child of the dead root votes.</summary>
    public static byte[] SignVote(ISigning signing, NetworkId network, uint epoch, RingId root, RingId standIn)
    {
        ArgumentNullException.ThrowIfNull(signing);
        var signature = new byte[ISigning.SignatureBytes];
        Span<byte> text = stackalloc byte[VoteBytes];
        WriteVote(text, network, epoch, root, standIn);
        signing.Sign(text, signature);
        return signature;
    }

    /// <summary>Whether the holder of that certificate voted so.</summary>
    public static bool VerifyVote(ISigning signing, NodeCertificate voter, uint epoch, RingId root, RingId standIn, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(voter);
        Span<byte> text = stackalloc byte[VoteBytes];
        WriteVote(text, voter.Audience, epoch, root, standIn);
        return signature.Length == ISigning.SignatureBytes && signing.Verify(voter.PublicKey, text, signature);
    }

    /// <summary>Whether all of it is true. Certificates may be older than today: they had to be good when they were used.</summary>
    public bool IsValid(ISigning signing, ReadOnlySpan<byte> hubKey)
    {
        ArgumentNullException.ThrowIfNull(signing);
        if (Successions.Count > MaxSuccessions || !Appointment.IsValid(signing, hubKey))
        {
            return false;
        }

        var (root, epoch) = (Appointment.Root, Appointment.Epoch);
        foreach (var next in Successions)
        {
            if (next.Root.Id != root || next.Epoch < epoch || next.Epoch == uint.MaxValue || !IsOfNetwork(signing, hubKey, next.Root)
                || !VerifyStandIn(signing, next.Root, next.Epoch, next.Rank, next.StandIn, next.View, next.Signature.Span) || !HasVotes(signing, hubKey, next))
            {
                return false;
            }

            (root, epoch) = (next.StandIn, next.Epoch + 1);
        }

        return true;
    }

    private static bool HasVotes(ISigning signing, ReadOnlySpan<byte> hubKey, RootSuccession succession)
    {
        var voters = new HashSet<RingId>();
        foreach (var vote in succession.Votes)
        {
            if (!succession.MayVote(vote.Voter.Id) || !voters.Add(vote.Voter.Id) || !IsOfNetwork(signing, hubKey, vote.Voter)
                || !VerifyVote(signing, vote.Voter, succession.Epoch, succession.Root.Id, succession.StandIn, vote.Signature.Span))
            {
                return false;
            }
        }

        return voters.Count >= VotesNeeded(succession.Rank, succession.View.Count);
    }

    private static bool IsOfNetwork(ISigning signing, ReadOnlySpan<byte> hubKey, NodeCertificate certificate) => certificate.IsValid(signing, hubKey, certificate.NotBefore);

    private static byte[] StandInText(NetworkId network, uint epoch, byte rank, RingId standIn, IReadOnlyList<RingId> view)
    {
        var head = StandInLabel.Length + NetworkId.Bytes + 4 + 1 + RingId.Bytes;
        var text = new byte[head + (view.Count * RingId.Bytes)];
        StandInLabel.CopyTo(text);
        var rest = text.AsSpan(StandInLabel.Length);
        BinaryPrimitives.WriteUInt64BigEndian(rest, network.Value);
        BinaryPrimitives.WriteUInt32BigEndian(rest[NetworkId.Bytes..], epoch);
        rest[NetworkId.Bytes + 4] = rank;
        PayloadFields.WriteTo(rest[(NetworkId.Bytes + 5)..], standIn);
        for (var i = 0; i < view.Count; i++)
        {
            PayloadFields.WriteTo(text.AsSpan(head + (i * RingId.Bytes)), view[i]);
        }

        return text;
    }

    private static void WriteVote(Span<byte> text, NetworkId network, uint epoch, RingId root, RingId standIn)
    {
        VoteLabel.CopyTo(text);
        var rest = text[VoteLabel.Length..];
        BinaryPrimitives.WriteUInt64BigEndian(rest, network.Value);
        BinaryPrimitives.WriteUInt32BigEndian(rest[NetworkId.Bytes..], epoch);
        PayloadFields.WriteTo(rest[(NetworkId.Bytes + 4)..], root);
        PayloadFields.WriteTo(rest[(NetworkId.Bytes + 4 + RingId.Bytes)..], standIn);
    }
}
