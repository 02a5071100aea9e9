namespace Overlay.Simulator.Scenarios;

/// <summary>Why a part of a scenario was refused.</summary>
public enum ScenarioReason
{
    /// <summary>The text is not JSON, or is too large or too deep.</summary>
    Syntax,

    /// <summary>A key is there twice.</summary>
    DuplicateKey,

    /// <summary>Nobody knows the key.</summary>
    UnknownKey,

    /// <summary>A key that must be there is not.</summary>
    MissingKey,

    /// <summary>A number where a text should be, and so on.</summary>
    WrongType,

    /// <summary>The value lies outside its range.</summary>
    OutOfRange,

    /// <summary>The word is none of the allowed ones.</summary>
    UnknownWord,

    /// <summary>Each value is possible, but not together.</summary>
    Impossible,

    /// <summary>A file is not there or cannot be read.</summary>
    FileMissing,

    /// <summary>There is neither a file nor a built-in scenario of that name.</summary>
    UnknownScenario,
}

/// <summary>One thing that is wrong with a scenario.</summary>
/// <param name="Reason">Why it was refused.</param>
/// <param name="Source">The file, the built-in scenario, or the option it came from.</param>
/// <param name="Line">The line in the file, from 1; 0 where there is none.</param>
/// <param name="Column">The column in that line, from 1; 0 where there is none.</param>
/// <param name="Path">The part of the scenario, such as <c>phases[0].faults[1].share</c>; empty for the whole.</param>
/// <param name="Message">What is wrong and what would be right.</param>
public sealed record ScenarioProblem(ScenarioReason Reason, string Source, int Line, int Column, string Path, string Message)
{
    /// <summary>In one line, the way compilers say it.</summary>
    public override string ToString()
    {
        var place = Line > 0 ? FormattableString.Invariant($"{Source}:{Line}:{Column}") : Source;
        return Path.Length > 0 ? $"{place}: {Path}: {Message}" : $"{place}: {Message}";
    }
}

/// <summary>A scenario was refused; everything that is wrong with it, at once.</summary>
public sealed class ScenarioException(IReadOnlyList<ScenarioProblem> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    /// <summary>What is wrong, in order of place; at least one.</summary>
    public IReadOnlyList<ScenarioProblem> Problems { get; } = problems;
}
