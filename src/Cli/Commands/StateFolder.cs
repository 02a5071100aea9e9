namespace Overlay.Cli.Commands;

/// <summary>Where the commands keep what must survive a restart when no directory is given.</summary>
internal static class StateFolder
{
    /// <summary><c>$XDG_STATE_HOME/overlay</c>, <c>~/.local/state/overlay</c>, or the system's own place for application data.</summary>
    public static string Path
    {
        get
        {
            var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
            if (string.IsNullOrEmpty(state))
            {
                state = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS()
                    ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                    : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
            }

            return System.IO.Path.Combine(state, "overlay");
        }
    }

    /// <summary>The directory of a named node: its own for each hub, so that a restart keeps the id and two networks do not meet.</summary>
    /// <remarks>The prefix keeps the names that mean something to a file system ("..", "con") from meaning it here.</remarks>
    public static string OfNode(Uri hub, string name) =>
        System.IO.Path.Combine(Path, "nodes", $"{hub.IdnHost.Replace(':', '-')}_{hub.Port}", "node-" + name);
}
