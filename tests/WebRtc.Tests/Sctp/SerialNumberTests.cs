using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Tests.Sctp;

public sealed class SerialNumberTests
{
    /// <summary>Exhaustive on the small circle: every pair of a sample of starts against a model that counts steps.</summary>
    [Fact]
    public void Of_two_stream_numbers_that_one_is_before_which_is_fewer_steps_behind()
    {
        ushort[] starts = [0, 1, 2, 32_766, 32_767, 32_768, 32_769, 65_534, 65_535];
        foreach (var start in starts)
        {
            for (var steps = 0; steps <= ushort.MaxValue; steps++)
            {
                var left = new Ssn(start);
                var right = new Ssn((ushort)(start + steps));

                var isBefore = steps is > 0 and < 32_768;
                var isRight = left.IsBefore(right) == isBefore && right.IsAfter(left) == isBefore
                    && left.IsAtOrBefore(right) == (steps < 32_768) && left.DistanceTo(right) == steps;
                if (!isRight)
                {
                    Assert.Fail($"{left} and {right}, {steps} steps");
                }
            }
        }
    }

    [Fact]
    public void Order_of_transmission_numbers_does_not_change_when_both_are_shifted()
    {
        var prng = new Prng(11);
        for (var i = 0; i < 100_000; i++)
        {
            var left = new Tsn(prng.NextUInt32());
            var right = left.Plus(prng.NextUInt32() >> prng.NextInt32(32));
            var shift = prng.NextUInt32();

            Assert.Equal(left.IsBefore(right), left.Plus(shift).IsBefore(right.Plus(shift)));
            Assert.Equal(left.DistanceTo(right), left.Plus(shift).DistanceTo(right.Plus(shift)));
        }
    }

    [Fact]
    public void Of_two_different_transmission_numbers_at_most_one_is_before_the_other()
    {
        var prng = new Prng(12);
        for (var i = 0; i < 100_000; i++)
        {
            var left = new Tsn(prng.NextUInt32());
            var right = new Tsn(prng.NextUInt32());
            var isHalfTurn = left.DistanceTo(right) == 1u << 31;

            Assert.False(left.IsBefore(right) && right.IsBefore(left));
            Assert.Equal(left != right && !isHalfTurn, left.IsBefore(right) || right.IsBefore(left));
        }
    }

    [Fact]
    public void Half_a_turn_apart_neither_is_before_the_other()
    {
        var left = new Tsn(5);
        var right = left.Plus(1u << 31);

        Assert.False(left.IsBefore(right));
        Assert.False(right.IsBefore(left));
        Assert.False(left.IsAtOrBefore(right));
    }

    [Fact]
    public void Numbers_go_round()
    {
        Assert.Equal(new Tsn(0), new Tsn(uint.MaxValue).Next);
        Assert.Equal(new Tsn(uint.MaxValue), new Tsn(0).Previous);
        Assert.Equal(new Ssn(0), new Ssn(ushort.MaxValue).Next);
        Assert.Equal(new ReconfigSequence(0), new ReconfigSequence(uint.MaxValue).Next);
        Assert.Equal(new ReconfigSequence(uint.MaxValue), new ReconfigSequence(0).Previous);
        Assert.True(new Tsn(uint.MaxValue).IsBefore(new Tsn(0)));
    }

    [Theory]
    [InlineData(typeof(Tsn))]
    [InlineData(typeof(Ssn))]
    [InlineData(typeof(ReconfigSequence))]
    public void A_place_on_a_circle_has_no_order_operators(Type type)
    {
        Assert.Null(type.GetMethod("op_LessThan"));
        Assert.Null(type.GetMethod("op_GreaterThan"));
        Assert.DoesNotContain(type.GetInterfaces(), i => i.Name.StartsWith("IComparable", StringComparison.Ordinal));
    }
}
