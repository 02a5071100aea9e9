namespace Overlay.Testing;

/// <summary>What a test needs from the machine: absent, the test is skipped with a visible reason.</summary>
/// <remarks>
/// Where <c>OVERLAY_REQUIRE_TOOLS=1</c> is set, as <c>.ci/run</c> does, a missing tool fails the test instead: a proof that silently
/// stops running is worse than a red one.
/// </remarks>
internal static class Tool
{
    /// <summary>The full path of an executable found on PATH under one of the given names.</summary>
    public static string Require(params string[] names)
    {
        var path = Find(names);
        if (path is null)
        {
            Missing($"{string.Join(" or ", names)} is not installed on this machine");
        }

        return path!;
    }

    /// <summary>Node.js, for the scripts that speak for other implementations.</summary>
    public static string RequireNode() => Require("node", "nodejs");

    /// <summary>A Chromium that can run without a display.</summary>
    public static string RequireChromium() => Require("chromium", "chromium-browser", "google-chrome");

    /// <summary>A folder with a package.json (path from the repository root) whose packages were installed by <c>npm ci</c>.</summary>
    public static string RequireNpmFolder(string folderFromRoot)
    {
        var folder = Path.Combine(RepositoryRoot(), folderFromRoot);
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            Missing($"the npm packages of {folderFromRoot} are not installed (npm ci there installs them)");
        }

        return folder;
    }

    /// <summary>The folder of <c>Overlay.sln</c>, found upward from the test's own folder.</summary>
    public static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Overlay.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no Overlay.sln above {AppContext.BaseDirectory}");
    }

    private static string? Find(string[] names)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        foreach (var name in names)
        {
            foreach (var folder in folders)
            {
                var path = Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name);
                if (File.Exists(path))
                {
                    return path;
                }
            }
        }

        return null;
    }

    /// <summary>Ends a test that cannot run here: skipped with the reason, or failed where nothing may be missing.</summary>
    public static void Missing(string reason)
    {
        if (Environment.GetEnvironmentVariable("OVERLAY_REQUIRE_TOOLS") == "1")
        {
            Assert.Fail($"{reason}, and OVERLAY_REQUIRE_TOOLS=1 forbids skipping");
        }

        Assert.Skip(reason);
    }
}
