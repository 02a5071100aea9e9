using System.Xml.Linq;

namespace Overlay.Architecture.Tests;

/// <summary>Which project may know which, and which packages it may bring in.</summary>
internal static class ProjectArrows
{
    private static readonly string[] Nothing = [];

    /// <summary>Project name → projects it references. There is no other arrow, and none of these is missing.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> References = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["Overlay"] = [],
        ["WebRtc"] = [],
        ["Runtime"] = ["Overlay", "WebRtc"],
        ["Hub"] = ["Overlay", "WebRtc"],
        ["Status"] = ["Overlay"],
        ["Node"] = ["Runtime", "Status"],
        ["Telemetry"] = ["Node"],
        ["Cli"] = ["Hub", "Node", "Status", "Telemetry"],
        ["simulator"] = ["Overlay"],
    };

    /// <summary>Project name → package names, or name beginnings that end in a full stop, that it may use.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Packages = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["Overlay"] = Nothing,
        ["WebRtc"] = Nothing,
        ["Runtime"] = ["Polly.Core", "Microsoft.Extensions.", "System.Diagnostics.DiagnosticSource"],
        ["Hub"] = Nothing,
        ["Status"] = Nothing,
        ["Node"] = Nothing,
        ["Telemetry"] = ["OpenTelemetry", "OpenTelemetry."],
        ["Cli"] = ["System.CommandLine", "Spectre.Console"],
        ["simulator"] = ["System.CommandLine", "Spectre.Console"],
    };

    public static List<string> Violations(IEnumerable<RepositoryFile> projects)
    {
        var violations = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var project in projects.Where(project => project.IsUnder("src", "simulator")))
        {
            var name = Path.GetFileNameWithoutExtension(project.Name);
            seen.Add(name);
            if (!References.TryGetValue(name, out var allowed))
            {
                violations.Add($"{project.Path}: project {name} has no place in the house");
                continue;
            }

            var xml = XDocument.Parse(project.Text);
            CheckReferences(project.Path, allowed, Included(xml, "ProjectReference"), violations);
            CheckPackages(project.Path, name, xml, violations);
        }

        violations.AddRange(References.Keys.Where(name => !seen.Contains(name)).Select(name => $"project {name} is missing"));
        return violations;
    }

    /// <summary>Every project file is in the solution, so that one build and one test command reach all of them.</summary>
    public static List<string> MissingFromSolution(RepositoryFile solution, IEnumerable<RepositoryFile> projects) =>
    [
        .. projects.Where(project => !solution.Text.Replace('\\', '/').Contains($"\"{project.Path}\"", StringComparison.Ordinal))
            .Select(project => $"{project.Path}: not in {solution.Path}"),
    ];

    private static void CheckReferences(string path, string[] allowed, IEnumerable<string> included, List<string> violations)
    {
        var actual = included.Select(include => Path.GetFileNameWithoutExtension(include.Replace('\\', '/'))).ToList();
        violations.AddRange(actual.Where(name => !allowed.Contains(name)).Select(name => $"{path}: arrow to {name} is not in the design"));
        violations.AddRange(allowed.Where(name => !actual.Contains(name)).Select(name => $"{path}: arrow to {name} is missing"));
    }

    private static void CheckPackages(string path, string name, XDocument xml, List<string> violations)
    {
        var allowed = Packages[name];
        violations.AddRange(Included(xml, "PackageReference")
            .Where(package => !allowed.Any(one => package == one || (one.EndsWith('.') && package.StartsWith(one, StringComparison.Ordinal))))
            .Select(package => $"{path}: package {package} is not for this project"));
        violations.AddRange(Included(xml, "Reference").Select(reference => $"{path}: reference to a bare assembly {reference}"));
        if (allowed.Length == 0 && References[name].Length == 0)
        {
            violations.AddRange(Included(xml, "FrameworkReference").Select(one => $"{path}: a core stands on the base class library alone, not on {one}"));
        }
    }

    private static IEnumerable<string> Included(XDocument xml, string item) =>
        xml.Descendants(item).Select(element => (string?)element.Attribute("Include") ?? (string?)element.Attribute("Update") ?? "?");
}
