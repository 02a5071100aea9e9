namespace Overlay.Tests;

public sealed class OverlayOptionsTests
{
    private static readonly OverlayOptions Default = OverlayOptions.Default;

    public static TheoryData<string, OverlayOptions> Impossible => new()
    {
        { "SuccessorListLength: 1 is not in 2 … 32.", Default with { SuccessorListLength = 1, LinkedSuccessors = 1 } },
        { "LinkedSuccessors: 9 is not in 1 … 8.", Default with { LinkedSuccessors = 9 } },
        { "MaxFingers: -1 is not in 0 … 48.", Default with { MaxFingers = -1 } },
        { "MaxLinks: 11 is not in 12 … 1024.", Default with { MaxLinks = 11 } },
        { "MaxSetUps: 17 is not in 1 … 16.", Default with { MaxSetUps = 17 } },
        { "MaxForwardsPerSecond: 0 ", Default with { MaxForwardsPerSecond = 0 } },
        { "QueryTimeout: 00:01:00 is not in ", Default with { QueryTimeout = TimeSpan.FromMinutes(1), LoneSuspicionTimeout = TimeSpan.FromMinutes(2) } },
        { "IdleProbePeriod: 00:00:00.5000000 is not in 00:00:01 … ", Default with { IdleProbePeriod = TimeSpan.FromMilliseconds(500) } },
        { "ReceiptTimeout: -00:00:01 is not in ", Default with { ReceiptTimeout = TimeSpan.FromSeconds(-1) } },
        { "LoneSuspicionTimeout: 00:00:10 is shorter than a round of stabilizing ", Default with { StabilizePeriod = TimeSpan.FromSeconds(30) } },
    };

    [Fact]
    public void The_defaults_work() => Assert.Empty(Default.Errors());

    [Theory]
    [MemberData(nameof(Impossible))]
    public void What_cannot_work_is_named_with_what_would(string error, OverlayOptions options) =>
        Assert.StartsWith(error, Assert.Single(options.Errors()), StringComparison.Ordinal);

    [Fact]
    public void A_lease_may_be_as_short_as_a_round_and_half_a_query()
    {
        var options = Default with { StabilizePeriod = TimeSpan.FromSeconds(20), QueryTimeout = TimeSpan.FromSeconds(4) };

        Assert.Equal(TimeSpan.FromSeconds(24), options.LeastLoneSuspicionTimeout);
        Assert.Empty((options with { LoneSuspicionTimeout = TimeSpan.FromSeconds(24) }).Errors());
    }
}
