using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Overlay.Architecture.Tests;

/// <summary>Finds every use of one room by another: the sources of a core are compiled in memory and each name is asked what it means.</summary>
/// <remarks>
/// Asking the compiler, not the text, sees what a search for <c>using</c> lines misses: half-qualified names, types of the root
/// namespace, members reached without a type's name. Comments and strings hold no names.
/// </remarks>
internal static class FolderArrows
{
    private static readonly CSharpParseOptions Language = new(LanguageVersion.Preview);

    private static readonly SyntaxTree ImplicitUsings = CSharpSyntaxTree.ParseText(
        "global using System; global using System.IO; global using System.Collections.Generic;", Language, "implicit usings");

    private static readonly Lazy<MetadataReference[]> BaseLibrary = new(() =>
    [
        .. Directory.EnumerateFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "System*.dll")
            .Where(path => !path.Contains(".Native.", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ]);

    public static List<string> Violations(Rooms rooms, IEnumerable<RepositoryFile> sources)
    {
        var files = sources.Where(rooms.Owns).ToList();
        var violations = files.Where(file => rooms.RoomOf(file.Path) is null)
            .Select(file => $"{file.Path}: its folder has no place in the chain").ToList();
        foreach (var (tree, model) in Compiled(files))
        {
            if (rooms.RoomOf(tree.FilePath) is { } room)
            {
                violations.AddRange(UsesOf(rooms, room, tree, model));
            }
        }

        return violations;
    }

    /// <summary>How many names of a core the judge understood, of how many: a compiler that understands little proves little.</summary>
    public static (int Understood, int Names) Reach(Rooms rooms, IEnumerable<RepositoryFile> sources)
    {
        var (understood, count) = (0, 0);
        foreach (var (tree, model) in Compiled(sources.Where(rooms.Owns)))
        {
            foreach (var name in NamesIn(tree))
            {
                var info = model.GetSymbolInfo(name);
                count++;
                understood += info.Symbol is not null || !info.CandidateSymbols.IsEmpty || name.IsVar ? 1 : 0;
            }
        }

        return (understood, count);
    }

    /// <summary>Every file declares exactly the namespace of its room (a room's inner folders may add to it).</summary>
    public static List<string> NamespaceViolations(Rooms rooms, IEnumerable<RepositoryFile> sources)
    {
        var violations = new List<string>();
        foreach (var file in sources.Where(rooms.Owns).Where(file => rooms.RoomOf(file.Path) is not null))
        {
            var allowed = rooms.NamespacesOf(file.Path);
            var declared = CSharpSyntaxTree.ParseText(file.Text, Language).GetRoot().DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>();
            violations.AddRange(declared.Select(one => one.Name.ToString()).Where(name => !allowed.Contains(name))
                .Select(name => $"{file.Path}: namespace {name}, its folder says {string.Join(" or ", allowed)}"));
        }

        return violations;
    }

    /// <summary>Of WebRtc the hub may use the STUN codec and the basics. Read by syntax: the hub's other libraries are not needed for that.</summary>
    public static List<string> HubViolations(IEnumerable<RepositoryFile> sources)
    {
        var violations = new List<string>();
        foreach (var file in sources.Where(file => file.IsUnder("src/Hub")))
        {
            var root = CSharpSyntaxTree.ParseText(file.Text, Language).GetRoot();
            foreach (var node in root.DescendantNodes().Where(node => node is QualifiedNameSyntax or MemberAccessExpressionSyntax))
            {
                var name = string.Concat(node.DescendantTokens().Select(token => token.Text)).Replace("global::", "", StringComparison.Ordinal);
                var rest = name.StartsWith("Overlay.WebRtc.", StringComparison.Ordinal) ? name["Overlay.WebRtc.".Length..]
                    : name.StartsWith("WebRtc.", StringComparison.Ordinal) ? name["WebRtc.".Length..] : null;
                var room = rest?.Split('.')[0];
                if (room is not null && room != "Stun" && room != Rooms.Basics && Rooms.OfWebRtc.MayUse.ContainsKey(room))
                {
                    violations.Add($"{At(file.Path, node)}: the hub may use the STUN codec only, not {name}");
                }
            }
        }

        return [.. violations.Distinct(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> UsesOf(Rooms rooms, string room, SyntaxTree tree, SemanticModel model)
    {
        var reported = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in NamesIn(tree))
        {
            var info = model.GetSymbolInfo(name);
            var used = (info.Symbol ?? info.CandidateSymbols.FirstOrDefault()) is { } symbol ? RoomOf(rooms, symbol) : null;
            if (used is not null && !rooms.Allows(room, used) && reported.Add(used))
            {
                yield return $"{At(tree.FilePath, name)}: {room} may not use {used} ({name})";
            }
        }
    }

    private static List<(SyntaxTree Tree, SemanticModel Model)> Compiled(IEnumerable<RepositoryFile> files)
    {
        var trees = files.Select(file => CSharpSyntaxTree.ParseText(file.Text, Language, file.Path)).ToList();
        var compilation = CSharpCompilation.Create(
            "judged",
            [ImplicitUsings, .. trees],
            BaseLibrary.Value,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
        return [.. trees.Select(tree => (tree, compilation.GetSemanticModel(tree)))];
    }

    private static IEnumerable<SimpleNameSyntax> NamesIn(SyntaxTree tree) =>
        tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>().Where(name => !DeclaresNamespace(name));

    private static string? RoomOf(Rooms rooms, ISymbol symbol)
    {
        if (symbol is INamespaceSymbol space)
        {
            return rooms.RoomOfNamespace(space.ToDisplayString());
        }

        var declared = (symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension : symbol).OriginalDefinition;
        var path = declared.DeclaringSyntaxReferences.FirstOrDefault()?.SyntaxTree.FilePath;
        return path is not null && path.StartsWith(rooms.Folder + "/", StringComparison.Ordinal) ? rooms.RoomOf(path) : null;
    }

    private static bool DeclaresNamespace(SimpleNameSyntax name)
    {
        SyntaxNode node = name;
        while (node.Parent is QualifiedNameSyntax)
        {
            node = node.Parent;
        }

        return node.Parent is BaseNamespaceDeclarationSyntax;
    }

    private static string At(string path, SyntaxNode node) => $"{path}:{node.GetLocation().GetLineSpan().StartLinePosition.Line + 1}";
}
