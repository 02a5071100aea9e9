using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Network;

/// <summary>What stands between a node and the open network, in RFC 4787's terms of mapping and filtering.</summary>
public enum NatType : byte
{
    /// <summary>A public address, nothing filtered.</summary>
    Open,

    /// <summary>Endpoint-independent mapping and filtering.</summary>
    FullCone,

    /// <summary>Endpoint-independent mapping, address-dependent filtering.</summary>
    RestrictedCone,

    /// <summary>Endpoint-independent mapping, address- and port-dependent filtering: the usual home router.</summary>
    PortRestrictedCone,

    /// <summary>Another mapping for every destination: many mobile and company networks.</summary>
    Symmetric,

    /// <summary>No UDP at all.</summary>
    UdpBlocked,
}

/// <summary>Which share of the nodes sits behind which NAT; the shares add up to 1.</summary>
/// <remarks>A node's NAT is a pure function of its number and the network's seed.</remarks>
public sealed record NatMix
{
    /// <summary>Every node has a public address.</summary>
    public static readonly NatMix AllOpen = new() { Open = 1 };

    public double Open { get; init; }
    public double FullCone { get; init; }
    public double RestrictedCone { get; init; }
    public double PortRestrictedCone { get; init; }
    public double Symmetric { get; init; }
    public double UdpBlocked { get; init; }

    /// <summary>Whether a direct connection comes about between two kinds when both sides send checks at once, without a relay.</summary>
    /// <remarks>
    /// A port-restricted filter waits for the very port the other side announced, and a symmetric NAT sends from another one. An address-restricted filter lets it in.
    /// </remarks>
    public static bool ConnectsDirectly(NatType left, NatType right)
    {
        var (easy, hard) = left <= right ? (left, right) : (right, left);
        return hard != NatType.UdpBlocked && (hard != NatType.Symmetric || easy < NatType.PortRestrictedCone);
    }

    /// <exception cref="ArgumentOutOfRangeException">A share is negative, or they do not add up to 1.</exception>
    public void Validate()
    {
        var sum = 0.0;
        foreach (var share in Shares)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(share);
            sum += share;
        }

        if (!(Math.Abs(sum - 1) < 1e-9))
        {
            throw new ArgumentOutOfRangeException(nameof(Open), sum, "The shares of the NAT kinds must add up to 1.");
        }
    }

    internal NatType Of(int node, ulong seed)
    {
        var random = new Prng(seed ^ ((ulong)(uint)node << 24)).Split();
        var draw = Samplers.Uniform(ref random);
        for (var type = NatType.Open; type < NatType.UdpBlocked; type++)
        {
            draw -= Shares[(int)type];
            if (draw < 0)
            {
                return type;
            }
        }

        return UdpBlocked > 0 ? NatType.UdpBlocked : NatType.Open;
    }

    private double[] Shares => [Open, FullCone, RestrictedCone, PortRestrictedCone, Symmetric, UdpBlocked];
}
