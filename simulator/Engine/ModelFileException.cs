namespace Overlay.Simulator.Engine;

/// <summary>A file with measured data cannot be understood; the message names file, line, and what was expected there.</summary>
public sealed class ModelFileException(string file, int line, string problem) : Exception($"{file}({line}): {problem}")
{
    public string File { get; } = file;

    /// <summary>Counted from 1.</summary>
    public int Line { get; } = line;
}
