using System.Text.Json;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Reports;

namespace Overlay.Simulator.Sweeps;

/// <summary>A finished run of a sweep as it is kept on disk: everything of its result but the samples.</summary>
public sealed record CellFile
{
    /// <summary>How the files' names end.</summary>
    public const string Extension = ".cell.json";

    /// <summary>The folder of the cells within the sweep's.</summary>
    public const string FolderName = "cells";

    /// <summary>The values of the grid.</summary>
    public required IReadOnlyList<GridValue> Point { get; init; }

    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The digest of the whole scenario.</summary>
    public required string Digest { get; init; }

    /// <summary>The result, without samples.</summary>
    public required RunResult Result { get; init; }

    /// <summary>What is kept of a run.</summary>
    public static CellFile Of(SweepCell cell, RunResult result) => new()
    {
        Point = cell.Point,
        Seed = cell.Scenario.Seed,
        Digest = cell.Digest,
        Result = result with { Samples = [] },
    };

    /// <summary>Writes the cell into the sweep's folder, whole or not at all.</summary>
    public void Write(string folder, string name) =>
        AtomicFile.Write(Path.Combine(folder, FolderName, name), JsonSerializer.Serialize(this, ResultJson.Compact) + "\n");

    /// <summary>Reads a cell.</summary>
    /// <exception cref="InvalidDataException">The file is no cell.</exception>
    public static CellFile Read(string path) => ResultJson.Read<CellFile>(File.ReadAllText(path), path);

    /// <summary>The paths of all cells below the given folders, in order of their names.</summary>
    /// <exception cref="InvalidDataException">One of the folders is not there.</exception>
    public static IReadOnlyList<string> Find(IEnumerable<string> folders) =>
        [.. folders.SelectMany(folder => !Directory.Exists(folder) ? throw new InvalidDataException($"'{folder}': there is no such folder") : Directory.EnumerateFiles(folder, "*" + Extension, SearchOption.AllDirectories)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
