using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Overlay.Architecture.Tests;

/// <summary>The length of a file or of a method body, in lines.</summary>
internal readonly record struct Measure(string Where, int Lines);

/// <summary>Median, ninetieth percentile and largest of some lengths.</summary>
internal readonly record struct Spread(int Count, int Median, int P90, int Max)
{
    public static Spread Of(IEnumerable<Measure> measures)
    {
        var sorted = measures.Select(measure => measure.Lines).Order().ToArray();
        return sorted.Length == 0 ? default : new Spread(sorted.Length, sorted[(sorted.Length - 1) / 2], sorted[(sorted.Length - 1) * 9 / 10], sorted[^1]);
    }

    public override string ToString() => $"{Count} counted, median {Median}, p90 {P90}, max {Max}";
}

/// <summary>How long files and methods are. A body counts from its opening brace, or its arrow, to its end; local functions count again on their own.</summary>
internal static class Measures
{
    public const int MaxFileLines = 600;
    public const int MaxMethodLines = 60;

    public static IEnumerable<Measure> Files(IEnumerable<RepositoryFile> sources) =>
        sources.Select(file => new Measure(file.Path, file.Text.AsSpan().Count('\n') + (file.Text.EndsWith('\n') ? 0 : 1)));

    public static IEnumerable<Measure> Methods(IEnumerable<RepositoryFile> sources) => sources.SelectMany(MethodsOf);

    public static List<string> Over(int limit, IEnumerable<Measure> measures) =>
        [.. measures.Where(measure => measure.Lines > limit).Select(measure => $"{measure.Where}: {measure.Lines} lines, at most {limit} are allowed")];

    private static IEnumerable<Measure> MethodsOf(RepositoryFile file)
    {
        var root = CSharpSyntaxTree.ParseText(file.Text, new CSharpParseOptions(LanguageVersion.Preview)).GetCompilationUnitRoot();
        foreach (var node in root.DescendantNodes())
        {
            var body = node switch
            {
                BaseMethodDeclarationSyntax method => method.Body ?? (SyntaxNode?)method.ExpressionBody,
                AccessorDeclarationSyntax accessor => accessor.Body ?? (SyntaxNode?)accessor.ExpressionBody,
                LocalFunctionStatementSyntax local => local.Body ?? (SyntaxNode?)local.ExpressionBody,
                PropertyDeclarationSyntax property => property.ExpressionBody,
                IndexerDeclarationSyntax indexer => indexer.ExpressionBody,
                _ => null,
            };
            if (body is not null)
            {
                yield return new Measure($"{file.Path}:{LineOf(node, node.SpanStart)} {NameOf(node)}", LinesBetween(body, body.SpanStart, body.Span.End));
            }
        }

        var statements = root.Members.OfType<GlobalStatementSyntax>().Where(one => one.Statement is not LocalFunctionStatementSyntax).ToList();
        if (statements.Count > 0)
        {
            yield return new Measure($"{file.Path} top-level statements", LinesBetween(root, statements[0].SpanStart, statements[^1].Span.End));
        }
    }

    private static int LinesBetween(SyntaxNode node, int start, int end) => LineOf(node, end) - LineOf(node, start) + 1;

    private static int LineOf(SyntaxNode node, int position) => node.SyntaxTree.GetText().Lines.GetLineFromPosition(position).LineNumber + 1;

    private static string NameOf(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        LocalFunctionStatementSyntax local => local.Identifier.Text,
        PropertyDeclarationSyntax property => property.Identifier.Text,
        AccessorDeclarationSyntax accessor => $"{(accessor.Parent?.Parent as PropertyDeclarationSyntax)?.Identifier.Text}.{accessor.Keyword.Text}",
        _ => node.Kind().ToString(),
    };
}
