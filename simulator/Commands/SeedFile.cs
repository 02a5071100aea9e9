using System.Text;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Reports;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Commands;

/// <summary>All it takes to see a run again, in a small file: the scenario with its seed, and the hash that must come out.</summary>
public sealed record SeedFile
{
    /// <summary>The version of the simulator that ran it; another version may behave differently.</summary>
    public required string Version { get; init; }

    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The hash over all effects.</summary>
    public required string EffectHash { get; init; }

    /// <summary>Whether everything held.</summary>
    public required bool Succeeded { get; init; }

    /// <summary>Whether somebody interrupted the run; its hash then means nothing to another run.</summary>
    public bool WasInterrupted { get; init; }

    /// <summary>Simulated time until the end.</summary>
    public TimeSpan Simulated { get; init; }

    /// <summary>The first violation or requirement that did not hold; empty where everything held.</summary>
    public string Failure { get; init; } = "";

    /// <summary>The scenario, every default filled in.</summary>
    public required Scenario Scenario { get; init; }

    /// <summary>What is to be kept of a run.</summary>
    public static SeedFile Of(RunResult result) => new()
    {
        Version = result.Version,
        Seed = result.Seed,
        EffectHash = result.EffectHash,
        Succeeded = result.Succeeded,
        WasInterrupted = result.IsPartial && result.ViolationCount == 0,
        Simulated = result.Simulated,
        Failure = Failures.First(result) ?? "",
        Scenario = result.Scenario with { Seed = result.Seed },
    };

    /// <summary>The usual name: scenario and seed.</summary>
    public static string NameOf(Scenario scenario) => FormattableString.Invariant($"{FileNames.Safe(scenario.Name)}-{scenario.Seed}.seed.json");

    /// <summary>Writes the file, whole or not at all.</summary>
    public void Write(string path) => AtomicFile.Write(path, System.Text.Json.JsonSerializer.Serialize(this, ResultJson.Options) + "\n");

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is no seed file.</exception>
    /// <exception cref="ScenarioException">A file that its scenario names is not there any more.</exception>
    public static SeedFile Read(string path)
    {
        var seed = ResultJson.Read<SeedFile>(CommandFailures.ReadFile(path), path);
        return seed with { Scenario = ScenarioReader.Read(Encoding.UTF8.GetBytes(ScenarioReader.ToText(seed.Scenario)), path) };
    }
}

/// <summary>What did not hold in a run.</summary>
internal static class Failures
{
    /// <summary>The first violation, or else the first requirement that was not met; null where everything held.</summary>
    public static string? First(RunResult result) => All(result).FirstOrDefault().Text;

    /// <summary>The names of the checks and requirements that did not hold.</summary>
    public static HashSet<string> Names(RunResult result) => All(result).Select(one => one.Name).ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<(string Name, string Text)> All(RunResult result)
    {
        foreach (var check in result.Checks.Where(check => check.ViolationCount > 0))
        {
            var first = check.Violations.Count > 0 ? FormattableString.Invariant($" at {check.Violations[0].At.TotalSeconds:0.0000} s: {check.Violations[0].Text}") : "";
            yield return (check.Name.ToString(), check.Name + first);
        }

        foreach (var (phase, requirement) in result.Phases.SelectMany(phase => phase.Requirements.Where(one => !one.Met).Select(one => (phase.Name, one))))
        {
            yield return (requirement.Name, $"{phase}: {requirement.Name} {requirement.Limit}, came out {requirement.Actual ?? "unmeasured"}");
        }
    }
}

/// <summary>Names of files made of names of scenarios and values.</summary>
internal static class FileNames
{
    /// <summary>Letters, digits and <c>- _ . = ,</c> stay; everything else becomes a dash.</summary>
    public static string Safe(string text) =>
        string.Concat(text.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or '=' or ',' ? letter : '-'));
}
