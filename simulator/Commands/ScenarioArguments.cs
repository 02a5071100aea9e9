using System.CommandLine;
using System.Globalization;
using Overlay.Simulator.Scenarios;

namespace Overlay.Simulator.Commands;

/// <summary>A scenario on the command line: its name or file, and the values put over it.</summary>
internal sealed class ScenarioArguments
{
    private readonly Argument<string?> _scenario = new("scenario")
    {
        Description = "A built-in scenario (see: simulator list) or a scenario file. For run: quiet when left out.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Puts a value over the scenario's: --set churn.session.median=10m. May be given several times.",
        DefaultValueFactory = _ => [],
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> _nodes = new("--nodes") { Description = "Nodes at the start, 1 … 10,000,000." };
    private readonly Option<string?> _topology = new("--topology") { Description = "What the nodes build: chord or tree." };
    private readonly Option<string?> _seed = new("--seed") { Description = "Decides everything that chance decides." };
    private readonly Option<bool> _wire = new("--wire") { Description = "Encodes and decodes messages at every hop; slower, with the same effects." };
    private readonly Option<string?> _duration = new("--duration")
    {
        Description = "Simulated time, such as 10m. Phases and the times of their faults keep their proportions.",
    };

    /// <summary>Adds argument and options to a command.</summary>
    public Command AddTo(Command command, bool withSeed = true)
    {
        command.Add(_scenario);
        command.Add(_nodes);
        command.Add(_topology);
        if (withSeed)
        {
            command.Add(_seed);
        }

        command.Add(_duration);
        command.Add(_wire);
        command.Add(_set);
        return command;
    }

    /// <summary>Reads the scenario with everything put over it.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="byDefault">The scenario where none was named; null: one must be.</param>
    /// <param name="more">Values put over all others, such as a point of a grid.</param>
    /// <exception cref="ScenarioException">Something is wrong with it.</exception>
    public Scenario Read(ParseResult parsed, string? byDefault = null, params IEnumerable<string> more)
    {
        var values = (parsed.GetValue(_set) ?? []).ToList();
        var name = parsed.GetValue(_scenario) ?? TakeName(values) ?? byDefault
            ?? throw Refused("scenario", "name a scenario. Built in: " + string.Join(", ", BuiltIns.Names));
        Add(parsed, _nodes, values);
        Add(parsed, _topology, values);
        Add(parsed, _seed, values);
        if (parsed.GetValue(_wire))
        {
            values.Add("--wire=true");
        }

        values.AddRange(more);
        var scenario = ScenarioReader.Find(name, values);
        return parsed.GetValue(_duration) is { } text ? scenario.WithDuration(DurationOf(text, scenario.SampleEvery)) : scenario;
    }

    /// <summary><c>--set a=1 quiet</c>: the option takes the scenario's name for one of its values, which always have an equals sign.</summary>
    private static string? TakeName(List<string> values)
    {
        var name = values.Find(value => !value.Contains('=', StringComparison.Ordinal));
        values.RemoveAll(value => ReferenceEquals(value, name));
        return name;
    }

    private static void Add(ParseResult parsed, Option<string?> option, List<string> values)
    {
        if (parsed.GetResult(option) is not null && parsed.GetValue(option) is { } value)
        {
            values.Add(string.Create(CultureInfo.InvariantCulture, $"{option.Name}={value}"));
        }
    }

    private static TimeSpan DurationOf(string text, TimeSpan sampleEvery)
    {
        if (!Durations.TryParse(text, out var duration) || duration < TimeSpan.FromSeconds(1) || duration > TimeSpan.FromDays(365))
        {
            throw Refused("--duration", $"'{text}' is no duration such as {Durations.Form}, from 1s to 1 year");
        }

        return duration / sampleEvery <= Scenario.MaxSamples
            ? duration
            : throw Refused("--duration", FormattableString.Invariant($"more than {Scenario.MaxSamples:#,0} samples in {text}, one every {Durations.Format(sampleEvery)}; take fewer by --set sampleEvery=…"));
    }

    private static ScenarioException Refused(string source, string message) => new([new(ScenarioReason.MissingKey, source, 0, 0, "", message)]);
}
