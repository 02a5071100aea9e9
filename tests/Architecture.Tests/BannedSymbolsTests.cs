namespace Overlay.Architecture.Tests;

public sealed class BannedSymbolsTests
{
    private static readonly string List = Repository.File("eng/BannedSymbols.Core.txt").Text;
    private static readonly string RootProps = Repository.File("Directory.Build.props").Text;
    private static readonly string PackageProps = Repository.File("Directory.Packages.props").Text;
    private static readonly RepositoryFile[] Cores = [Repository.File("src/Overlay/Overlay.csproj"), Repository.File("src/WebRtc/WebRtc.csproj")];

    [Fact]
    public void The_list_bans_at_least_clocks_threads_chance_and_sockets() => Verdict.None(BannedSymbols.MissingFrom(List));

    [Fact]
    public void The_list_reaches_both_cores() => Verdict.None(BannedSymbols.WiringFaults(RootProps, PackageProps, Cores));

    [Fact]
    public void Nobody_suppresses_the_ban() => Verdict.None(BannedSymbols.Suppressions(Repository.TextFiles));

    [Theory]
    [InlineData("Overlay.Core.dll")]
    [InlineData("Overlay.WebRtc.dll")]
    public void The_built_cores_refer_to_nothing_banned(string assembly) =>
        Verdict.None(BannedSymbols.ReferencesIn(Path.Combine(AppContext.BaseDirectory, assembly), BannedSymbols.Parse(List)));

    [Fact]
    public void A_symbol_lost_from_the_list_is_seen()
    {
        var shorter = List.Replace("T:System.HashCode;", "T:System.Elsewhere;", StringComparison.Ordinal);

        Verdict.One(BannedSymbols.MissingFrom(shorter), "T:System.HashCode");
    }

    [Theory]
    [InlineData("'$(OverlayCore)' == 'true'", "'$(OverlayCore)' == 'maybe'")]
    [InlineData("eng/BannedSymbols.Core.txt", "eng/Empty.txt")]
    public void A_list_that_no_longer_reaches_the_cores_is_seen(string from, string to)
    {
        var props = RootProps.Replace(from, to, StringComparison.Ordinal);

        Verdict.One(BannedSymbols.WiringFaults(props, PackageProps, Cores), "does not hand the banned symbols");
    }

    [Fact]
    public void A_core_that_no_longer_says_so_is_seen()
    {
        var core = Cores[0] with { Text = Cores[0].Text.Replace("<OverlayCore>true", "<OverlayCore>false", StringComparison.Ordinal) };

        Verdict.One(BannedSymbols.WiringFaults(RootProps, PackageProps, [core, Cores[1]]), "src/Overlay/Overlay.csproj");
    }

    [Fact]
    public void A_lost_analyzer_is_seen()
    {
        var packages = PackageProps.Replace("Microsoft.CodeAnalysis.BannedApiAnalyzers", "Another.Analyzer", StringComparison.Ordinal);

        Verdict.One(BannedSymbols.WiringFaults(RootProps, packages, Cores), "analyzer");
    }

    [Theory]
    [InlineData("src/Overlay/A.cs", "#pragma warning disable RS0030", "names RS0030")]
    [InlineData("src/WebRtc/A.cs", "[SuppressMessage(\"ApiDesign\", \"RS0030:Do not use banned APIs\")]", "names RS0030")]
    [InlineData("src/WebRtc/WebRtc.csproj", "<NoWarn>RS0030</NoWarn>", "names RS0030")]
    [InlineData(".editorconfig", "dotnet_diagnostic.rs0030.severity = none", "names RS0030")]
    [InlineData("src/WebRtc/A.cs", "#pragma warning disable\nclass A;", "every warning")]
    public void A_suppression_is_seen(string path, string text, string mentions) =>
        Verdict.One(BannedSymbols.Suppressions([new RepositoryFile(path, text)]), mentions);

    [Fact]
    public void A_built_assembly_that_uses_banned_symbols_is_seen()
    {
        // This test assembly is no core and uses plenty of them, so it makes the bad sample.
        var found = BannedSymbols.ReferencesIn(typeof(BannedSymbolsTests).Assembly.Location, BannedSymbols.Parse(List));

        Assert.Contains(found, line => line.Contains("System.Linq.Enumerable", StringComparison.Ordinal));
        Assert.Contains(found, line => line.Contains("System.DateTime.get_UtcNow", StringComparison.Ordinal));
        Assert.Contains(found, line => line.Contains("System.Guid.NewGuid", StringComparison.Ordinal));
        Assert.Contains(found, line => line.Contains("System.Threading.Tasks.Task", StringComparison.Ordinal));
        Assert.True(Sins() != default);
    }

    private static (DateTime Now, Guid Chance, Task Work) Sins() => (DateTime.UtcNow, Guid.NewGuid(), Task.CompletedTask);
}
