namespace Overlay.Nodes.Hosting.Health;

/// <summary>How a node finds out whether it is ready. Whatever they say, a node that is cut off is found out within 10 s.</summary>
public sealed class OverlayHealthOptions
{
    /// <summary>The section of the configuration that they are read from.</summary>
    public const string ConfigurationSection = "Overlay:Health";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>How long a probe may take to a member at random and back.</summary>
    /// <value>Default 3 s; 100 ms … 5 s. Longer than a round trip through the network.</value>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Probes, each to another member, of which one must come back.</summary>
    /// <value>Default 2; 1 … 5. One alone fails when one member has just died.</value>
    public int Probes { get; set; } = 2;

    /// <summary>How long a finding stands for those who ask again.</summary>
    /// <value>Default 2 s; 0 … 5 s. However many ask, the node probes once in this time.</value>
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Every reason why these options cannot work, each naming the key.</summary>
    public IEnumerable<string> Errors()
    {
        if (ProbeTimeout < TimeSpan.FromMilliseconds(100) || ProbeTimeout > TimeSpan.FromSeconds(5))
        {
            yield return $"ProbeTimeout: {ProbeTimeout} is not in 00:00:00.1000000 … 00:00:05.";
        }

        if (Probes is < 1 or > 5)
        {
            yield return $"Probes: {Probes} is not in 1 … 5.";
        }

        if (MaxAge < TimeSpan.Zero || MaxAge > TimeSpan.FromSeconds(5))
        {
            yield return $"MaxAge: {MaxAge} is not in 00:00:00 … 00:00:05.";
        }

        if (MaxAge + (Probes * ProbeTimeout) > Longest)
        {
            yield return $"ProbeTimeout: {ProbeTimeout}, {Probes} times, and {MaxAge} of MaxAge are more than {Longest}, in which a node that is cut off must be found out.";
        }
    }
}
