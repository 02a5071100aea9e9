using Overlay.Simulator.Churn;
using Overlay.Simulator.Engine;
using Xunit;

namespace Overlay.Simulator.Tests.Churn;

public sealed class TraceFileTests
{
    private const long Second = TimeSpan.TicksPerSecond;

    [Fact]
    public void Sessions_become_ups_and_downs_in_order_of_time()
    {
        var entries = TraceFile.Read(new StringReader("node,up,down\n# a comment\n0, 0, 10.5\n\n7,2,\n1,3,4\n1,4,20\n"), "trace.csv");

        TraceEntry[] wanted =
        [
            new(0, true, 0),
            new(2 * Second, true, 7),
            new(3 * Second, true, 1),
            new(4 * Second, false, 1),
            new(4 * Second, true, 1),
            new(21 * Second / 2, false, 0),
            new(20 * Second, false, 1),
        ];
        Assert.Equal(wanted, entries);
    }

    [Theory]
    [InlineData("0,0,10\n1,5,6\n2,4,8\n", 3, "up at 4 s comes after a line with up at 5 s")]
    [InlineData("0,0,10\n0,5,12\n", 2, "node 0 is up since line 1 until 10 s")]
    [InlineData("0,0,\n0,5,12\n", 2, "node 0 is up since line 1:")]
    [InlineData("0,0,10\n1,5\n", 2, "2 fields")]
    [InlineData("a,0,10\n", 1, "'a' is not a node")]
    [InlineData("-1,0,10\n", 1, "'-1' is not a node")]
    [InlineData("10000000,0,10\n", 1, "is not a node")]
    [InlineData("0,-1,10\n", 1, "'-1' is not a time")]
    [InlineData("0,1e3,10\n", 1, "'1e3' is not a time")]
    [InlineData("0,0,99999999999999999999\n", 1, "is not a time")]
    [InlineData("", 1, "no session")]
    [InlineData("node,up,down\n# nobody\n", 2, "no session")]
    [InlineData("node,up,down\n0,5,5\n", 2, "down at 5 s is not later than up at 5 s")]
    public void A_bad_trace_is_refused_with_its_line(string text, int line, string problem)
    {
        var refused = Assert.Throws<ModelFileException>(() => TraceFile.Read(new StringReader(text), "trace.csv"));

        Assert.Equal(line, refused.Line);
        Assert.Equal("trace.csv", refused.File);
        Assert.Contains(problem, refused.Message);
    }
}
