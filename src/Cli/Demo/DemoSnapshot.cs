using Overlay.Checks;
using Overlay.Messages;

namespace Overlay.Cli.Demo;

/// <summary>Turns the tables that living nodes report into a snapshot for the checker.</summary>
internal static class DemoSnapshot
{
    /// <summary>What the checker says of <paramref name="states"/>, which belong to <paramref name="living"/> in the same order.</summary>
    public static RingVerdict Check(IReadOnlyList<DemoNode> living, IReadOnlyList<State> states)
    {
        var options = OverlayOptions.Default;
        var nodes = new List<RingNodeState>(states.Count);
        for (var i = 0; i < states.Count; i++)
        {
            var state = states[i];
            nodes.Add(new(living[i].Node.Id, state.Phase, state.Predecessor?.Id, [.. state.Successors.Select(static s => s.Id)], Arc: null, state.Links.Count));
        }

        return new RingChecker().CheckIdeal(new(options.SuccessorListLength, options.MaxLinks, nodes));
    }
}
