using Overlay.Simulator.Metrics;
using Overlay.Simulator.Reports;

namespace Overlay.Simulator.Tests.Reports;

public sealed class SamplesCsvTests
{
    [Fact]
    public void Every_line_has_every_column_and_a_gap_is_empty()
    {
        Sample[] samples =
        [
            new() { T = TimeSpan.FromSeconds(10), LookupsOk = 9, LookupsFailed = new Dictionary<string, long> { ["timed,out"] = 1 }, MeanHops = 4.25 },
            new() { T = TimeSpan.FromSeconds(20) },
        ];

        var lines = SamplesCsv.ToText(samples).Split("\r\n");

        Assert.StartsWith("seconds,live,members,joining,lookupsOk,lookupsFailed,lookupSuccess,meanHops,", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(",\"failed:timed,out\"", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("10,0,0,0,9,1,0.9,4.25,,", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("20,0,0,0,0,0,,,,", lines[2], StringComparison.Ordinal);
        Assert.EndsWith(",0", lines[2], StringComparison.Ordinal);
    }
}
