using Overlay.Identity;
using Overlay.Simulator.Ports;

namespace Overlay.Tests.Ports;

public sealed class KeyedPortsTests
{
    [Fact]
    public void A_signature_is_believed_under_its_key_and_data_only()
    {
        var alice = new KeyedSigning(7, 1);
        var bob = new KeyedSigning(7, 2);
        byte[] data = [1, 2, 3];
        var signature = new byte[ISigning.SignatureBytes];

        alice.Sign(data, signature);

        Assert.True(bob.Verify(alice.PublicKey, data, signature));
        Assert.False(bob.Verify(bob.PublicKey, data, signature));
        Assert.False(bob.Verify(alice.PublicKey, [1, 2, 4], signature));
        Assert.False(bob.Verify(alice.PublicKey, data, signature.AsSpan(1)));
        Assert.False(new KeyedSigning(8, 2).Verify(alice.PublicKey, data, signature));
    }

    [Fact]
    public void A_party_has_the_same_key_and_signature_in_every_run()
    {
        var signature = new byte[ISigning.SignatureBytes];

        new KeyedSigning(7, 1).Sign([1, 2, 3], signature);

        Assert.Equal("2DB08DB393F3E124", Convert.ToHexString(signature.AsSpan(0, 8)));
    }

    [Fact]
    public void What_is_sealed_opens_for_its_recipient_and_unaltered_only()
    {
        var bob = new KeyedSigning(7, 2);
        var sealing = new KeyedSealing(7, new KeyedSigning(7, 1).PublicKey.ToArray());
        var opening = new KeyedSealing(7, bob.PublicKey.ToArray());

        var sealedBytes = sealing.Seal(bob.PublicKey, [9], "marker"u8);

        Assert.Equal(-1, sealedBytes.AsSpan().IndexOf("marker"u8));
        Assert.True(sealedBytes.Length - 6 <= ISealing.MaxOverheadBytes);
        Assert.True(opening.TryOpen([9], sealedBytes, out var plaintext));
        Assert.Equal("marker"u8.ToArray(), plaintext);
        Assert.False(opening.TryOpen([8], sealedBytes, out _));
        Assert.False(sealing.TryOpen([9], sealedBytes, out _));
        for (var i = 0; i < sealedBytes.Length; i++)
        {
            sealedBytes[i] ^= 1;
            Assert.False(opening.TryOpen([9], sealedBytes, out _));
            sealedBytes[i] ^= 1;
        }
    }

    [Fact]
    public void Seeded_secrets_repeat_from_their_seed_and_go_on_from_call_to_call()
    {
        var first = new byte[40];
        var second = new byte[40];
        var secrets = new SeededSecrets(3);

        secrets.Fill(first);
        new SeededSecrets(3).Fill(second);
        Assert.Equal(first, second);

        secrets.Fill(second);
        Assert.NotEqual(first, second);
    }
}
