using Overlay.Nodes.Hosting.Health;

namespace Overlay.Nodes.Hosting.Configuration;

/// <summary>Every key of the section of health; all may change while the node runs.</summary>
internal static class HealthOptionKeys
{
    public static IReadOnlyList<OptionKey> All { get; } = OptionKey.Of(typeof(OverlayHealthOptions), new Dictionary<string, OptionFacts>(StringComparer.Ordinal)
    {
        ["ProbeTimeout"] = new("00:00:00.1000000 … 00:00:05", IsLive: true),
        ["Probes"] = new("1 … 5", IsLive: true),
        ["MaxAge"] = new("00:00:00 … 00:00:05", IsLive: true),
    });
}
