using System.Globalization;
using Overlay.Ring;
using Overlay.Tree;

namespace Overlay.Tests.Tree;

/// <summary>The seed's vectors.</summary>
public sealed class DelegationHashTests
{
    [Theory]
    [InlineData(0, 1_800_296_743)]
    [InlineData(1, 881_230_262)]
    [InlineData(10, 1_712_817_092)]
    [InlineData(12_345, 1_859_122_382)]
    [InlineData(999_999, 1_622_098_158)]
    [InlineData(16_777_215, 859_060_722)]
    public void The_mix_is_the_seeds(uint value, uint expected) => Assert.Equal(expected, DelegationHash.Of(value));

    [Theory]
    [InlineData("000000", 123_456, 10, 4)]
    [InlineData("abcdef", 123_456, 10, 9)]
    [InlineData("ffffff", 999_999, 2, 1)]
    [InlineData("012345", 100_000, 3, 0)]
    public void A_newcomer_is_delegated_as_by_the_seed(string origin, uint node, int degree, int expected)
    {
        var prefix = uint.Parse(origin, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        Assert.Equal(expected, DelegationHash.Slot(prefix, node, degree));
    }

    [Fact]
    public void Our_ids_give_their_first_six_digits()
    {
        Assert.True(RingId.TryParse("abcdef000000", out var origin));
        Assert.True(RingId.TryParse("01e240ffffff", out var node)); // 0x01e240 = 123456

        Assert.Equal(9, DelegationHash.Slot(origin, node, 10));
    }
}
