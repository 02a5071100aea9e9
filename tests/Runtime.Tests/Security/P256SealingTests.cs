using Overlay.Identity;
using Overlay.Runtime.Security;

namespace Overlay.Runtime.Tests.Security;

public sealed class P256SealingTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly P256Signing _aliceKey = P256Signing.Create();
    private readonly P256Signing _bobKey = P256Signing.Create();
    private readonly P256Sealing _alice;
    private readonly P256Sealing _bob;

    public P256SealingTests() => (_alice, _bob) = (new(_aliceKey, _time), new(_bobKey, _time));

    public void Dispose()
    {
        _alice.Dispose();
        _bob.Dispose();
        _aliceKey.Dispose();
        _bobKey.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(60_000)]
    public void What_is_sealed_opens_for_its_recipient(int length)
    {
        var plaintext = new byte[length];
        new Random(1).NextBytes(plaintext);

        var sealedBytes = _alice.Seal(_bobKey.PublicKey, [9], plaintext);

        Assert.InRange(sealedBytes.Length, length + 1, length + ISealing.MaxOverheadBytes);
        Assert.True(_bob.TryOpen([9], sealedBytes, out var opened));
        Assert.Equal(plaintext, opened);
    }

    [Fact]
    public void Nobody_else_opens_it_and_no_altered_byte_passes()
    {
        var sealedBytes = _alice.Seal(_bobKey.PublicKey, [9], "marker"u8);

        Assert.Equal(-1, sealedBytes.AsSpan().IndexOf("marker"u8));
        Assert.False(_alice.TryOpen([9], sealedBytes, out _));
        Assert.False(_bob.TryOpen([8], sealedBytes, out _));
        for (var i = 0; i < sealedBytes.Length; i++)
        {
            sealedBytes[i] ^= 1;
            Assert.False(_bob.TryOpen([9], sealedBytes, out var plaintext), $"byte {i}");
            Assert.Empty(plaintext);
            sealedBytes[i] ^= 1;
        }

        Assert.True(_bob.TryOpen([9], sealedBytes, out _));
        for (var length = 0; length < sealedBytes.Length; length++)
        {
            Assert.False(_bob.TryOpen([9], sealedBytes.AsSpan(0, length), out _));
        }
    }

    [Fact]
    public void The_same_text_is_never_sealed_twice_alike()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);

        for (var i = 0; i < 100; i++)
        {
            Assert.True(seen.Add(Convert.ToHexString(_alice.Seal(_bobKey.PublicKey, [], [1, 2, 3]))));
        }
    }

    [Fact]
    public void A_pair_keeps_its_ephemeral_key_for_its_life_and_then_draws_another()
    {
        var first = EphemeralKeyOf(_alice.Seal(_bobKey.PublicKey, [], []));
        _time.Advance(P256Sealing.MaxAge - TimeSpan.FromSeconds(1));
        Assert.Equal(first, EphemeralKeyOf(_alice.Seal(_bobKey.PublicKey, [], [])));

        _time.Advance(TimeSpan.FromSeconds(2));

        var sealedBytes = _alice.Seal(_bobKey.PublicKey, [], [5]);
        Assert.NotEqual(first, EphemeralKeyOf(sealedBytes));
        Assert.True(_bob.TryOpen([], sealedBytes, out _));
    }

    private static string EphemeralKeyOf(byte[] sealedBytes) => Convert.ToHexString(sealedBytes, 1, ISigning.PublicKeyBytes);
}
