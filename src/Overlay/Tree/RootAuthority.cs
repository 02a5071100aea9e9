using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Tree;

/// <summary>By whose word a tree knows its root: the hub's key, and this node's own for what it has to say in that.</summary>
public sealed class RootAuthority(ISigning signing, CertificateStore certificates)
{
    private RootWarrant? _valid; // The last one that was found true: the same comes again and again.

    /// <summary>Whether the hub's key is known; without it nobody is shown to be root, and everybody who says so is believed.</summary>
    public bool Judges => certificates.HubKey.Length > 0;

    /// <summary>Whether <paramref name="warrant"/> is true.</summary>
    public bool IsValid(RootWarrant warrant)
    {
        ArgumentNullException.ThrowIfNull(warrant);
        if (ReferenceEquals(warrant, _valid))
        {
            return true;
        }

        if (!Judges || !warrant.IsValid(signing, certificates.HubKey))
        {
            return false;
        }

        _valid = warrant;
        return true;
    }

    /// <summary>This node is the root and names a stand-in.</summary>
    public byte[] SignStandIn(uint epoch, byte rank, RingId standIn, IReadOnlyList<RingId> view) => RootWarrant.SignStandIn(signing, certificates.Network, epoch, rank, standIn, view);

    /// <summary>Whether the root named the stand-in.</summary>
    public bool IsStandIn(NodeCertificate root, uint epoch, byte rank, RingId standIn, IReadOnlyList<RingId> view, ReadOnlySpan<byte> signature) =>
        RootWarrant.VerifyStandIn(signing, root, epoch, rank, standIn, view, signature);

    /// <summary>This node is a child of the dead root and votes.</summary>
    public byte[] SignVote(uint epoch, RingId root, RingId standIn) => RootWarrant.SignVote(signing, certificates.Network, epoch, root, standIn);

    /// <summary>Whether the voter did.</summary>
    public bool IsVote(NodeCertificate voter, uint epoch, RingId root, RingId standIn, ReadOnlySpan<byte> signature) =>
        RootWarrant.VerifyVote(signing, voter, epoch, root, standIn, signature);
}
