namespace Overlay.Architecture.Tests;

public sealed class ProjectArrowsTests
{
    [Fact]
    public void Project_references_point_exactly_as_in_the_design() => Verdict.None(ProjectArrows.Violations(Repository.Projects));

    [Fact]
    public void Every_project_is_in_the_solution() =>
        Verdict.None(ProjectArrows.MissingFromSolution(Repository.File("Overlay.sln"), Repository.Projects));

    [Fact]
    public void An_arrow_back_is_seen()
    {
        var projects = With("src/Overlay/Overlay.csproj", """<ProjectReference Include="..\Runtime\Runtime.csproj" />""");

        Verdict.One(ProjectArrows.Violations(projects), "arrow to Runtime is not in the design");
    }

    [Fact]
    public void A_missing_arrow_is_seen()
    {
        var projects = Repository.Projects.Select(project =>
            project.Path == "src/Telemetry/Telemetry.csproj" ? project with { Text = "<Project />" } : project);

        Verdict.One(ProjectArrows.Violations(projects), "arrow to Node is missing");
    }

    [Theory]
    [InlineData("src/Overlay/Overlay.csproj", "PackageReference", "package Extra")]
    [InlineData("src/WebRtc/WebRtc.csproj", "FrameworkReference", "base class library alone")]
    [InlineData("src/WebRtc/WebRtc.csproj", "Reference", "bare assembly Extra")]
    [InlineData("src/Hub/Hub.csproj", "PackageReference", "package Extra")]
    [InlineData("simulator/simulator.csproj", "PackageReference", "package Extra")]
    public void A_dependency_that_a_project_may_not_have_is_seen(string path, string item, string mentions)
    {
        var projects = With(path, $"""<{item} Include="Extra" />""");

        Verdict.One(ProjectArrows.Violations(projects), mentions);
    }

    [Fact]
    public void A_project_without_a_place_in_the_house_is_seen()
    {
        var projects = Repository.Projects.Append(new RepositoryFile("src/Utils/Utils.csproj", "<Project />"));

        Verdict.One(ProjectArrows.Violations(projects), "Utils has no place");
    }

    [Fact]
    public void A_lost_project_is_seen()
    {
        var projects = Repository.Projects.Where(project => project.Path != "src/Hub/Hub.csproj");

        Verdict.One(ProjectArrows.Violations(projects), "project Hub is missing");
    }

    [Fact]
    public void A_project_outside_the_solution_is_seen()
    {
        var projects = Repository.Projects.Append(new RepositoryFile("src/Utils/Utils.csproj", "<Project />"));

        Verdict.One(ProjectArrows.MissingFromSolution(Repository.File("Overlay.sln"), projects), "src/Utils/Utils.csproj");
    }

    private static IEnumerable<RepositoryFile> With(string path, string item) =>
        Repository.Projects.Select(project => project.Path == path
            ? project with { Text = project.Text.Replace("</Project>", $"<ItemGroup>{item}</ItemGroup></Project>", StringComparison.Ordinal) }
            : project);
}
