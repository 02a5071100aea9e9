namespace Overlay.Architecture.Tests;

public sealed class WordsTests
{
    private const string Checkout = "/wor" + "k/main/a.txt";
    private const string Temporary = "/tm" + "p/a.txt";

    [Fact]
    public void Nothing_is_left_for_later() => Verdict.None(Words.Unfinished(Repository.TextFiles));

    [Fact]
    public void No_file_names_a_path_of_one_machine() => Verdict.None(Words.ForeignPaths(Repository.TextFiles));

    [Fact]
    public void No_lock_file_names_a_registry_of_one_machine() => Verdict.None(Words.PinnedRegistries(Repository.TextFiles));

    [Theory]
    [InlineData("src/Hub/A.cs", "// TODO later")]
    [InlineData("src/Hub/A.cs", "/* FIXME */")]
    [InlineData("simulator/A.cs", "// a HACK")]
    [InlineData("src/Node/A.cs", "throw new NotImplementedException();")]
    [InlineData("src/Node/Node.csproj", "<!-- TODO -->")]
    public void Unfinished_work_is_seen(string path, string line) =>
        Verdict.One(Words.Unfinished([new RepositoryFile(path, $"first\n{line}\n")]), $"{path}:2");

    [Theory]
    [InlineData("docs/a.md", "see " + Checkout)]
    [InlineData("src/Hub/A.cs", "\"" + Checkout + "\"")]
    [InlineData(".ci/run", "cd " + Checkout)]
    [InlineData("README.md", "`" + Temporary + "`")]
    public void A_path_of_one_machine_is_seen(string path, string line) =>
        Verdict.One(Words.ForeignPaths([new RepositoryFile(path, line)]), path);

    [Theory]
    [InlineData("docs/a.md", "https://example.org" + Checkout)]
    [InlineData("docs/a.md", "./home" + Checkout)]
    [InlineData("src/Hub/A.cs", "hackneyed todo lists and a Hackathon")]
    public void Words_that_only_look_alike_are_fine(string path, string line)
    {
        RepositoryFile[] files = [new(path, line)];

        Verdict.None(Words.ForeignPaths(files));
        Verdict.None(Words.Unfinished(files));
    }

    [Fact]
    public void A_lock_file_with_addresses_is_seen() =>
        Verdict.One(Words.PinnedRegistries([new RepositoryFile("a/package-lock.json", "  \"resolved\": \"https://registry.example/a.tgz\",")]), "resolved");
}
