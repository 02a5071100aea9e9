using System.Security.Cryptography;
using Overlay.Identity;
using Overlay.Runtime.Security;

namespace Overlay.Runtime.Tests.Security;

public sealed class P256SigningTests : IDisposable
{
    private readonly P256Signing _alice = P256Signing.Create();
    private readonly P256Signing _bob = P256Signing.Create();

    public void Dispose()
    {
        _alice.Dispose();
        _bob.Dispose();
    }

    [Fact]
    public void A_signature_is_believed_under_its_key_and_data_only()
    {
        var signature = new byte[ISigning.SignatureBytes];
        byte[] data = [1, 2, 3];

        _alice.Sign(data, signature);

        Assert.True(_bob.Verify(_alice.PublicKey, data, signature));
        Assert.False(_bob.Verify(_bob.PublicKey, data, signature));
        Assert.False(_bob.Verify(_alice.PublicKey, [1, 2, 4], signature));
        signature[63] ^= 1;
        Assert.False(_bob.Verify(_alice.PublicKey, data, signature));
    }

    [Theory]
    [InlineData(64, 63)]
    [InlineData(64, 65)]
    [InlineData(63, 64)]
    [InlineData(0, 0)]
    public void Lengths_that_are_none_are_no_signature_and_no_fault(int keyBytes, int signatureBytes)
    {
        Assert.False(_bob.Verify(new byte[keyBytes], [1], new byte[signatureBytes]));
    }

    [Fact]
    public void Sixty_four_bytes_that_are_no_point_of_the_curve_are_no_key_and_no_fault()
    {
        var noPoint = Enumerable.Repeat((byte)0xFF, 64).ToArray();

        Assert.False(_bob.Verify(noPoint, [1], new byte[64]));
        Assert.False(_bob.Verify(new byte[64], [1], new byte[64]));
        Assert.Equal(0, _bob.KeptKeys);
    }

    [Fact]
    public void Keys_of_others_are_kept_up_to_the_bound_and_imported_again_beyond_it()
    {
        using var judge = P256Signing.Create(keptKeys: 2);
        var signature = new byte[ISigning.SignatureBytes];
        var signers = new[] { P256Signing.Create(), P256Signing.Create(), P256Signing.Create() };

        for (var round = 0; round < 3; round++)
        {
            foreach (var signer in signers)
            {
                signer.Sign([7], signature);
                Assert.True(judge.Verify(signer.PublicKey, [7], signature));
                Assert.InRange(judge.KeptKeys, 1, 2);
            }
        }

        Array.ForEach(signers, signer => signer.Dispose());
    }

    [Fact]
    public void A_key_comes_back_from_its_pkcs8_form()
    {
        using var again = P256Signing.Import(_alice.ExportPkcs8());

        Assert.True(again.PublicKey.SequenceEqual(_alice.PublicKey));
    }

    [Fact]
    public void A_key_of_another_curve_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        Assert.Throws<CryptographicException>(() => P256Signing.Import(other.ExportPkcs8PrivateKey()));
    }

    [Fact]
    public void A_hub_certifies_a_node_for_real()
    {
        var nonce = new byte[NodeCertificate.NonceBytes];
        new SystemSecrets().Fill(nonce);
        var issued = NodeCertificate.Issue(_alice, _bob.PublicKey, nonce, 1000, 2000);

        Assert.True(NodeCertificate.TryRead(issued.Encoded, out var read));

        Assert.True(read.IsValid(_bob, _alice.PublicKey, 1500));
        Assert.False(read.IsValid(_bob, _bob.PublicKey, 1500));
        Assert.False(read.IsValid(_bob, _alice.PublicKey, 2301));
    }
}
