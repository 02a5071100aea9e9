namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>Collects what is wrong, so that all of it can be said at once.</summary>
internal sealed class Findings
{
    private const int MaxProblems = 100;

    private readonly List<ScenarioProblem> _problems = [];

    /// <summary>Whether named files must be there; not so where an old result is only looked at.</summary>
    public bool RequiresFiles { get; init; } = true;

    public bool IsClean => _problems.Count == 0;

    /// <summary>How many were found so far; to see whether a part was clean.</summary>
    public int Count => _problems.Count;

    public void Add(JsonPart at, ScenarioReason reason, string message) =>
        Add(new ScenarioProblem(reason, at.Source, at.Line, at.Column, at.Path, message));

    public void Add(ScenarioProblem problem)
    {
        if (_problems.Count < MaxProblems)
        {
            _problems.Add(problem);
        }
    }

    /// <exception cref="ScenarioException">Something was found.</exception>
    public void ThrowIfAny()
    {
        if (_problems.Count > 0)
        {
            throw new ScenarioException(
                [.. _problems.OrderBy(problem => problem.Source, StringComparer.Ordinal).ThenBy(problem => problem.Line).ThenBy(problem => problem.Column)]);
        }
    }
}
