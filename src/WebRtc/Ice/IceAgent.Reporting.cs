namespace Overlay.WebRtc.Ice;

/// <content>What was tried, for who asks why there is no direct way.</content>
public sealed partial class IceAgent
{
    private PairReport[] _triedBeforeFailing = [];

    /// <summary>The pair that is selected, as <see cref="DescribePairs"/> has it; null where there is none.</summary>
    public PairReport? DescribeSelected() => _selected is { } pair ? Describe(pair) : null;

    /// <summary>The pairs of this generation, the best first; where ICE has failed, those it had tried.</summary>
    public IReadOnlyList<PairReport> DescribePairs() => State == IceState.Failed ? _triedBeforeFailing : ToReports();

    private PairReport[] ToReports()
    {
        var reports = _pairs.Count == 0 ? [] : new PairReport[_pairs.Count];
        for (var i = 0; i < reports.Length; i++)
        {
            reports[i] = Describe(_pairs[i]);
        }

        return reports;
    }

    private PairReport Describe(CandidatePair pair) => new(
        pair.Local.Candidate.Kind, pair.Local.Address, pair.Remote.Candidate.Kind, pair.Remote.Address, OutcomeOf(pair), pair.RoundTrip);

    private PairOutcome OutcomeOf(CandidatePair pair) =>
        ReferenceEquals(pair, _selected) ? PairOutcome.Selected
        : pair.State switch
        {
            PairState.InProgress => PairOutcome.Checking,
            PairState.Succeeded => PairOutcome.Works,
            PairState.Failed => pair.Failure,
            PairState.Idle => PairOutcome.Spared,
            _ => PairOutcome.Waiting,
        };
}
