using System.Numerics;
using Overlay.Ring;

namespace Overlay.Tests.Positions;

public sealed class RingIdTests
{
    private static readonly BigInteger Size = BigInteger.One << 48;

    [Theory]
    [InlineData("ffffffffffff", 0, "000000000000")]
    [InlineData("000000000000", 47, "800000000000")]
    [InlineData("800000000000", 47, "000000000000")]
    [InlineData("123456789abc", 4, "123456789acc")]
    public void A_finger_starts_a_power_of_two_away_and_the_ring_wraps(string from, int row, string start) =>
        Assert.Equal(Id(start), Id(from).FingerStart(row));

    [Fact]
    public void Of_a_million_random_triples_the_nearer_is_who_has_fewer_steps_clockwise_from_the_ideal()
    {
        var random = new Random(4);
        for (var i = 0; i < 1_000_000; i++)
        {
            var (ideal, current, candidate) = (Any(random), Any(random), Any(random));

            var isNearer = ideal.ClockwiseTo(candidate) < ideal.ClockwiseTo(current);

            Assert.Equal(Mod(new BigInteger(candidate.Value) - ideal.Value) < Mod(new BigInteger(current.Value) - ideal.Value), isNearer);
        }
    }

    [Fact]
    public void Distances_are_those_of_a_circle()
    {
        var random = new Random(5);
        for (var i = 0; i < 10_000; i++)
        {
            var (a, b) = (Any(random), Any(random));

            Assert.Equal(a == b ? 0 : (ulong)Size - a.ClockwiseTo(b), b.ClockwiseTo(a));
            Assert.Equal(a.DistanceTo(b), b.DistanceTo(a));
            Assert.InRange(a.DistanceTo(b), 0UL, 1UL << 47);
            Assert.Equal(b, a.Plus(a.ClockwiseTo(b)));
        }
    }

    [Theory]
    [InlineData("00000000000a", true)]
    [InlineData("ABCDEF012345", true)]
    [InlineData("123456789abcdef012", false)]
    [InlineData("12345678901", false)]
    [InlineData("12345678901g", false)]
    [InlineData("", false)]
    [InlineData(" 2345678901a", false)]
    public void Only_twelve_hexadecimal_digits_are_an_id(string text, bool isId)
    {
        Assert.Equal(isId, RingId.TryParse(text, out var id));
        Assert.Equal(isId ? text.ToLowerInvariant() : "000000000000", id.ToString());
    }

    [Fact]
    public void An_arc_ends_with_its_end_and_begins_after_its_beginning_also_across_zero()
    {
        var arc = RingArc.Between(Id("fffffffffff0"), Id("000000000010"));

        Assert.Equal(0x20UL, arc.Length);
        Assert.All((string[])["fffffffffff1", "ffffffffffff", "000000000000", "000000000010"], id => Assert.True(arc.Contains(Id(id))));
        Assert.All((string[])["fffffffffff0", "000000000011", "800000000000"], id => Assert.False(arc.Contains(Id(id))));
    }

    [Fact]
    public void Arcs_contain_what_is_that_many_steps_from_their_beginning()
    {
        var random = new Random(6);
        for (var i = 0; i < 100_000; i++)
        {
            var (after, until, id) = (Any(random), Any(random), Any(random));
            if (after == until)
            {
                continue;
            }

            var steps = Mod(new BigInteger(id.Value) - after.Value);
            var length = Mod(new BigInteger(until.Value) - after.Value);

            Assert.Equal(steps > 0 && steps <= length, RingArc.Between(after, until).Contains(id));
            Assert.Equal(steps > 0 && steps < length, RingArc.StrictlyBetween(after, until).Contains(id));
        }
    }

    private static RingId Id(string text) => RingId.TryParse(text, out var id) ? id : throw new FormatException(text);

    /// <summary>Often near to zero, where a circle is most easily got wrong.</summary>
    private static RingId Any(Random random) => random.Next(4) == 0
        ? RingId.From((ulong)random.Next(-8, 8))
        : RingId.From((ulong)random.NextInt64());

    private static BigInteger Mod(BigInteger value) => ((value % Size) + Size) % Size;
}
