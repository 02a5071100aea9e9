namespace Overlay.Architecture.Tests;

public sealed class MeasuresTests(ITestOutputHelper output)
{
    [Fact]
    public void No_file_is_longer_than_a_reader_bears()
    {
        var files = Measures.Files(Repository.Sources).ToList();
        output.WriteLine($"files, all: {Spread.Of(files)}");
        output.WriteLine($"files, src: {Spread.Of(Measures.Files(Repository.Sources.Where(file => file.IsUnder("src", "simulator"))))}");

        Verdict.None(Measures.Over(Measures.MaxFileLines, files));
    }

    [Fact]
    public void No_method_is_longer_than_a_screen()
    {
        var methods = Measures.Methods(Repository.Sources).ToList();
        output.WriteLine($"methods, all: {Spread.Of(methods)}");
        output.WriteLine($"methods, src: {Spread.Of(Measures.Methods(Repository.Sources.Where(file => file.IsUnder("src", "simulator"))))}");

        Verdict.None(Measures.Over(Measures.MaxMethodLines, methods));
    }

    [Fact]
    public void A_file_one_line_too_long_is_seen()
    {
        RepositoryFile[] files = [new("a.cs", Lines(600)), new("b.cs", Lines(601))];

        Verdict.One(Measures.Over(Measures.MaxFileLines, Measures.Files(files)), "b.cs: 601 lines");
    }

    [Theory]
    [InlineData("class C { void M()\n{", "} }")]
    [InlineData("class C { C()\n{", "} }")]
    [InlineData("class C { int P { get\n{", "return 1; } } }")]
    [InlineData("void Local()\n{", "}")]
    [InlineData("int a = 0;", "a++;")]
    public void A_body_one_line_too_long_is_seen(string before, string after)
    {
        // The braces' own lines count, so 58 lines between them fill the screen and 59 are too many.
        RepositoryFile[] fits = [new("a.cs", $"{before}\n{Lines(58)}{after}")];
        RepositoryFile[] over = [new("b.cs", $"{before}\n{Lines(59)}{after}")];

        Assert.Empty(Measures.Over(Measures.MaxMethodLines, Measures.Methods(fits)));
        Assert.NotEmpty(Measures.Over(Measures.MaxMethodLines, Measures.Methods(over)));
    }

    [Fact]
    public void An_arrow_body_too_long_is_seen()
    {
        RepositoryFile[] files = [new("a.cs", $"class C {{ int M() => 0\n{Lines(61, "+ 1")}; }}")];

        Verdict.One(Measures.Over(Measures.MaxMethodLines, Measures.Methods(files)), " M: 62 lines");
    }

    [Fact]
    public void Braces_in_strings_and_comments_do_not_confuse_the_count()
    {
        RepositoryFile[] files = [new("a.cs", "class C { void M()\n{\nvar s = \"}}{\"; // {{{\n}\nvoid N()\n{\n}\n}")];

        Assert.Equal([3, 2], Measures.Methods(files).Select(measure => measure.Lines));
    }

    [Fact]
    public void A_spread_names_the_middle_the_ninth_tenth_and_the_end()
    {
        var spread = Spread.Of(Enumerable.Range(1, 11).Select(lines => new Measure("", lines)));

        Assert.Equal(new Spread(11, 6, 10, 11), spread);
    }

    private static string Lines(int count, string line = ";") => string.Concat(Enumerable.Repeat(line + "\n", count));
}
