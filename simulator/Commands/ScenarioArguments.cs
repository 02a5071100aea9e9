using System.CommandLine;

namespace Overlay.Simulator.Commands;

/// <summary>Arguments that several commands share.</summary>
internal static class ScenarioArguments
{
    public static Argument<string> Scenario() => new("scenario")
    {
        Description = "A built-in scenario (see: simulator list) or a scenario file.",
    };

    public static Option<string[]> Set() => new("--set")
    {
        Description = "Puts a value over the scenario's: --set churn.session.median=10m, --set phases[0].duration=5m. May be given several times.",
        DefaultValueFactory = _ => [],
        AllowMultipleArgumentsPerToken = true,
    };
}
