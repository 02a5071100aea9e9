using System.Text;
using System.Text.Json;
using Overlay.Simulator.Scenarios.Reading;

namespace Overlay.Simulator.Scenarios;

/// <summary>Reads scenarios: files, built-in ones by name, and values of the command line put over them.</summary>
/// <remarks>Every method throws <see cref="ScenarioException"/> with everything that is wrong, each with its file, line, column and path.</remarks>
public static class ScenarioReader
{
    /// <summary>A built-in scenario by its name, or a file by its path.</summary>
    /// <param name="nameOrPath">What ends in <c>.json</c> or has a separator is a path; so is what exists and is no built-in name.</param>
    /// <param name="overrides">Values to put over it, such as <c>churn.session.median=10m</c>.</param>
    public static Scenario Find(string nameOrPath, IReadOnlyList<string>? overrides = null)
    {
        var isPath = nameOrPath.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || nameOrPath.AsSpan().IndexOfAny('/', '\\') >= 0;
        if (!isPath && BuiltIns.TryGet(nameOrPath, out var text))
        {
            return Read(text, nameOrPath, ".", overrides);
        }

        if (isPath || File.Exists(nameOrPath))
        {
            return ReadFile(nameOrPath, overrides);
        }

        var message = $"there is neither a file nor a built-in scenario of that name. {Nearest.Hint(nameOrPath, BuiltIns.Names)}Built in: {string.Join(", ", BuiltIns.Names)}";
        throw new ScenarioException([new(ScenarioReason.UnknownScenario, nameOrPath, 0, 0, "", message)]);
    }

    /// <summary>A file. Names of files in it are understood from its own folder.</summary>
    public static Scenario ReadFile(string path, IReadOnlyList<string>? overrides = null)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.Exists && file.Length > JsonPartReader.MaxBytes)
            {
                throw Refused(path, FormattableString.Invariant($"is longer than {JsonPartReader.MaxBytes} bytes, so it is no scenario"));
            }

            return Read(File.ReadAllBytes(path), path, Path.GetDirectoryName(Path.GetFullPath(path))!, overrides);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Refused(path, Directory.Exists(path) ? "is a folder, not a file" : e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message);
        }
    }

    /// <summary>A text in UTF-8.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <param name="folder">Where names of files in it start from.</param>
    /// <param name="overrides">Values to put over it.</param>
    public static Scenario Read(ReadOnlySpan<byte> text, string source, string folder = ".", IReadOnlyList<string>? overrides = null) =>
        Read(text, source, folder, overrides, new Findings());

    /// <summary>The scenario as it was written into a result; its files need not be there any more.</summary>
    internal static Scenario ReadRecorded(string text) => Read(Encoding.UTF8.GetBytes(text), "recorded scenario", ".", null, new Findings { RequiresFiles = false });

    /// <summary>The scenario in JSON with every default filled in; reading it gives an equal scenario.</summary>
    public static void Write(Utf8JsonWriter writer, Scenario scenario) => ScenarioShape.Scenario.Write(writer, scenario);

    /// <summary>The same as a text for people to read.</summary>
    public static string ToText(Scenario scenario)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            Write(writer, scenario);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static Scenario Read(ReadOnlySpan<byte> text, string source, string folder, IReadOnlyList<string>? overrides, Findings findings)
    {
        var root = JsonPartReader.Read(text, source, folder, "", isFile: true, findings);
        if (root is not null)
        {
            foreach (var line in overrides ?? [])
            {
                Overrides.Apply(root, line, findings);
            }

            if (ScenarioShape.Scenario.TryRead(root, findings, out var scenario) && findings.IsClean)
            {
                return scenario;
            }
        }

        findings.ThrowIfAny();
        throw new InvalidOperationException("A scenario was refused without a reason.");
    }

    private static ScenarioException Refused(string path, string message) => new([new(ScenarioReason.FileMissing, path, 0, 0, "", message)]);
}
