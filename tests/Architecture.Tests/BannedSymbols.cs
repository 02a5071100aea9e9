using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Overlay.Architecture.Tests;

/// <summary>One line of the banned-symbols file: the kind letter of a documentation id, and the name without arguments.</summary>
internal readonly record struct BannedSymbol(char Kind, string Name)
{
    public string Type => Name[..Name.LastIndexOf('.')];

    public string Member => Name[(Name.LastIndexOf('.') + 1)..];
}

/// <summary>Clocks, threads, randomness and sockets do not enter a core: the list is wired, complete, unsuppressed, and true of the built assemblies.</summary>
internal static partial class BannedSymbols
{
    /// <summary>The least that the list must hold; more is welcome.</summary>
    public static readonly string[] Required =
    [
        "P:System.DateTime.UtcNow", "P:System.DateTime.Now", "P:System.DateTimeOffset.UtcNow", "P:System.Environment.TickCount64",
        "T:System.Security.Cryptography.RandomNumberGenerator", "T:System.Threading.Tasks.ValueTask", "N:System.Linq", "N:System.Threading",
        "T:System.Diagnostics.Stopwatch", "T:System.TimeProvider", "M:System.Guid.NewGuid", "P:System.Random.Shared", "T:System.Random",
        "T:System.HashCode", "T:System.Threading.Tasks.Task", "N:System.Net.Sockets",
    ];

    public static List<BannedSymbol> Parse(string text) =>
    [
        .. text.Split('\n').Select(line => line.Split(';')[0].Trim()).Where(line => line.Length > 2 && line[1] == ':')
            .Select(line => new BannedSymbol(line[0], line[2..].Split('(')[0])),
    ];

    public static List<string> MissingFrom(string text)
    {
        var listed = Parse(text).Select(symbol => $"{symbol.Kind}:{symbol.Name}").ToHashSet(StringComparer.Ordinal);
        return [.. Required.Where(symbol => !listed.Contains(symbol)).Select(symbol => $"{symbol} is not banned")];
    }

    /// <summary>The chain from a core to the list: the core says it is one, the root props hand it the list, the analyzer is everywhere.</summary>
    public static List<string> WiringFaults(string rootProps, string packageProps, IEnumerable<RepositoryFile> cores)
    {
        var faults = new List<string>();
        var handed = XDocument.Parse(rootProps).Descendants("AdditionalFiles").Any(item =>
            ((string?)item.Attribute("Include") ?? "").EndsWith("eng/BannedSymbols.Core.txt", StringComparison.Ordinal)
            && ConditionsAbove(item).SequenceEqual(["'$(OverlayCore)' == 'true'"]));
        if (!handed)
        {
            faults.Add("Directory.Build.props does not hand the banned symbols to every core");
        }

        var analyzer = XDocument.Parse(packageProps).Descendants("GlobalPackageReference")
            .Any(item => (string?)item.Attribute("Include") == "Microsoft.CodeAnalysis.BannedApiAnalyzers" && !ConditionsAbove(item).Any());
        if (!analyzer)
        {
            faults.Add("the analyzer that reads the banned symbols is not a package of every project");
        }

        faults.AddRange(cores.Where(core => XDocument.Parse(core.Text).Descendants("OverlayCore").All(mark => mark.Value != "true"))
            .Select(core => $"{core.Path}: does not say OverlayCore"));
        return faults;
    }

    /// <summary>Nowhere is the rule named: neither switched off for a line, a member or a project, nor tuned away.</summary>
    public static List<string> Suppressions(IEnumerable<RepositoryFile> files) =>
    [
        .. files.Where(file => !file.IsUnder("tests/Architecture.Tests", "docs") && !file.Path.EndsWith(".md", StringComparison.Ordinal))
            .Where(file => file.Text.Contains("RS0030", StringComparison.OrdinalIgnoreCase))
            .Select(file => $"{file.Path}: names RS0030"),
        .. files.Where(file => file.IsUnder("src/Overlay", "src/WebRtc") && DisablesEverything().IsMatch(file.Text))
            .Select(file => $"{file.Path}: switches every warning off"),
    ];

    /// <summary>What a built assembly really refers to: the second proof, which no suppression can hide from.</summary>
    public static List<string> ReferencesIn(string assemblyPath, IReadOnlyCollection<BannedSymbol> banned)
    {
        using var stream = File.OpenRead(assemblyPath);
        using var image = new PEReader(stream);
        var metadata = image.GetMetadataReader();
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var handle in metadata.TypeReferences)
        {
            var (space, name) = NameOf(metadata, handle);
            found.UnionWith(banned.Where(one => BansType(one, space, name)).Select(one => $"{Path.GetFileName(assemblyPath)}: {space}.{name} ({one.Kind}:{one.Name})"));
        }

        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind == HandleKind.TypeReference)
            {
                var (space, name) = NameOf(metadata, (TypeReferenceHandle)member.Parent);
                var memberName = metadata.GetString(member.Name);
                found.UnionWith(banned.Where(one => BansMember(one, $"{space}.{name}", memberName))
                    .Select(one => $"{Path.GetFileName(assemblyPath)}: {space}.{name}.{memberName} ({one.Kind}:{one.Name})"));
            }
        }

        return [.. found];
    }

    private static bool BansType(BannedSymbol banned, string space, string name) => banned.Kind switch
    {
        'N' => space == banned.Name || space.StartsWith(banned.Name + ".", StringComparison.Ordinal),
        'T' => $"{space}.{name}".Split('`')[0] == banned.Name,
        _ => false,
    };

    private static bool BansMember(BannedSymbol banned, string type, string member) => banned.Kind switch
    {
        'P' => type == banned.Type && (member == "get_" + banned.Member || member == "set_" + banned.Member),
        'M' => type == banned.Type && member == banned.Member,
        _ => false,
    };

    /// <summary>A nested type counts under the namespace and name of the type around it.</summary>
    private static (string Space, string Name) NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? NameOf(metadata, (TypeReferenceHandle)type.ResolutionScope)
            : (metadata.GetString(type.Namespace), metadata.GetString(type.Name));
    }

    private static IEnumerable<string> ConditionsAbove(XElement item) =>
        item.AncestorsAndSelf().Select(element => (string?)element.Attribute("Condition")).OfType<string>();

    [GeneratedRegex(@"#pragma\s+warning\s+disable\s*($|//)", RegexOptions.Multiline)]
    private static partial Regex DisablesEverything();
}
