using Overlay.Identity;
using Overlay.Simulator.Ports;

namespace Overlay.Tests.Identity;

/// <summary>The chain hub → delegate → member: what it grants, and that it grants nothing else.</summary>
public sealed class DelegationTests
{
    private const long Now = 1_800_000_000;
    private const long Day = 24 * 3600;

    private readonly KeyedSigning _hub = new(1, 0);
    private readonly KeyedSigning _delegate = new(1, 1);
    private readonly KeyedSigning _member = new(1, 2);

    [Fact]
    public void What_a_delegate_signs_within_its_delegation_is_as_good_as_the_hubs_own_word()
    {
        var certificate = Issue(Grant());

        Assert.True(NodeCertificate.TryRead(certificate.Encoded, out var read));
        Assert.True(read.IsDelegated);
        Assert.Equal(NodeCertificate.DelegatedBytes, read.EncodedLength);
        Assert.Equal(7u, read.Number);
        Assert.True(read.IsValid(_member, _hub.PublicKey, Now));
        Assert.True(new CertificateStore(_member).Trusting(_hub.PublicKey).TryAdd(At(Now), read, out _));
    }

    [Fact]
    public void A_delegation_that_another_key_signed_grants_nothing()
    {
        var forger = new KeyedSigning(1, 9);
        var forged = Delegation.Issue(forger, _delegate.PublicKey, Now, Now + (30 * Day), 100, (uint)(14 * Day));

        Assert.False(forged.IsValid(_member, _hub.PublicKey));
        Assert.False(Issue(forged).IsValid(_member, _hub.PublicKey, Now));
    }

    [Fact]
    public void A_delegate_cannot_delegate_in_its_turn()
    {
        var second = new KeyedSigning(1, 3);
        var deeper = Delegation.Issue(_delegate, second.PublicKey, Now, Now + Day, 100, (uint)Day);
        var certificate = NodeCertificate.IssueDelegated(second, deeper, 0, _member.PublicKey, new byte[16], Now, Now + Day);

        Assert.False(certificate.IsValid(_member, _hub.PublicKey, Now));
    }

    [Fact]
    public void Another_key_than_the_one_delegated_to_signs_in_vain()
    {
        var thief = new KeyedSigning(1, 3);

        var certificate = NodeCertificate.IssueDelegated(thief, Grant(), 0, _member.PublicKey, new byte[16], Now, Now + Day);

        Assert.False(certificate.IsValid(_member, _hub.PublicKey, Now));
    }

    [Theory]
    [InlineData(0, -1, 1)]   // Begins before the delegation.
    [InlineData(0, 0, 31)]   // Ends after it.
    [InlineData(0, 1, 16)]   // Lasts longer than one may.
    [InlineData(0, 2, 1)]    // Ends before it begins.
    [InlineData(100, 0, 1)]  // One more than were granted.
    public void Beyond_its_bounds_a_delegation_covers_nothing(uint number, int fromDay, int toDay)
    {
        var certificate = NodeCertificate.IssueDelegated(
            _delegate, Grant(), number, _member.PublicKey, new byte[16], Now + (fromDay * Day), Now + (toDay * Day));

        Assert.False(certificate.IsValid(_member, _hub.PublicKey, Now + (fromDay * Day)));
    }

    [Fact]
    public void A_certificate_whose_time_is_over_is_over_also_where_its_delegation_is_not()
    {
        var certificate = NodeCertificate.IssueDelegated(_delegate, Grant(), 0, _member.PublicKey, new byte[16], Now, Now + Day);

        Assert.True(certificate.IsValid(_member, _hub.PublicKey, Now + Day));
        Assert.False(certificate.IsValid(_member, _hub.PublicKey, Now + (2 * Day)));
    }

    [Fact]
    public void A_delegation_for_one_network_is_worth_nothing_in_another()
    {
        var other = new KeyedSigning(1, 8);

        Assert.False(Grant().IsValid(_member, other.PublicKey));
        Assert.False(Issue(Grant()).IsValid(_member, other.PublicKey, Now));
    }

    [Fact]
    public void A_delegate_cannot_give_the_place_of_a_guest()
    {
        var nonce = new byte[NodeCertificate.NonceBytes];
        for (var draw = 0; !GuestIds.IsReserved(NodeCertificate.PositionOf(nonce, _member.PublicKey)); draw++)
        {
            BitConverter.TryWriteBytes(nonce, draw);
        }

        var certificate = NodeCertificate.IssueDelegated(_delegate, Grant(), 0, _member.PublicKey, nonce, Now, Now + Day);

        Assert.False(certificate.IsValid(_member, _hub.PublicKey, Now));
    }

    [Fact]
    public void No_byte_of_a_chain_can_be_changed()
    {
        var encoded = Issue(Grant()).Encoded.ToArray();
        for (var at = 0; at < encoded.Length; at++)
        {
            encoded[at] ^= 1;
            Assert.False(NodeCertificate.TryRead(encoded, out var changed) && changed.IsValid(_member, _hub.PublicKey, Now), $"byte {at}");
            encoded[at] ^= 1;
        }
    }

    [Fact]
    public void Only_the_two_lengths_are_certificates()
    {
        var encoded = Issue(Grant()).Encoded.ToArray();
        for (var length = 0; length < encoded.Length; length++)
        {
            Assert.False(NodeCertificate.TryRead(encoded.AsSpan(0, length), out _), $"{length} bytes");
            Assert.False(Delegation.TryRead(encoded.AsSpan(0, length), out _), $"{length} bytes");
        }
    }

    private static Overlay.Time.Instant At(long unixSeconds) => new(0, unixSeconds * 1000);

    private Delegation Grant() => Delegation.Issue(_hub, _delegate.PublicKey, Now, Now + (30 * Day), 100, (uint)(14 * Day));

    private NodeCertificate Issue(Delegation delegation) =>
        NodeCertificate.IssueDelegated(_delegate, delegation, 7, _member.PublicKey, new byte[16], Now, Now + Day);
}

internal static class StoreExtensions
{
    public static CertificateStore Trusting(this CertificateStore store, ReadOnlySpan<byte> hubKey)
    {
        store.Trust(hubKey);
        return store;
    }
}
