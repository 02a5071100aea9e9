namespace Overlay.Nodes.Hosting.Configuration;

/// <summary>Every key of a node's section: what it may be, which may change while the node runs, and which are secret.</summary>
internal static class NodeOptionKeys
{
    private const string LongTime = "more than 00:00:00";
    private const string Count = "1 … 2147483647";

    /// <summary>The keys, in the order of the properties.</summary>
    public static IReadOnlyList<OptionKey> All { get; } = OptionKey.Of(typeof(NodeOptions), Facts());

    private static Dictionary<string, OptionFacts> Facts()
    {
        var facts = new Dictionary<string, OptionFacts>(StringComparer.Ordinal)
        {
            ["Hubs"] = new("addresses ws://HOST:PORT or wss://HOST:PORT"),
            ["Name"] = new("1 … 63 letters, digits, '-', '_' or '.', not 12 hexadecimal digits"),
            ["DataDirectory"] = new("a directory"),
            ["Listen"] = new("an IP address, or a subnet such as 10.0.0.0/8"),
            ["Port"] = new("0 … 65534"),
            ["Advertise"] = new("ADDRESS:PORT with a port in 1 … 65534; needs Listen and Port"),
            ["Channels:RelayBytesPerSecond"] = new("0 … 10000000000", IsLive: true),
            ["Channels:MaxPages"] = new("0 … 65536", IsLive: true),
            ["Token"] = new("a text", IsSecret: true),
            ["RootSecret"] = new("a text; only where Protocol:Topology is Tree", IsSecret: true),
            ["StartTimeout"] = new(LongTime),
            ["Seed"] = new("0 … 18446744073709551615"),
            ["Network:OpenTimeout"] = new(LongTime, IsLive: true),
            ["Network:AcceptTimeout"] = new(LongTime, IsLive: true),
            ["Network:PageDelay"] = new("00:00:00 … 00:00:01", IsLive: true),
            ["Network:CloseTimeout"] = new(LongTime, IsLive: true),
            ["Network:Backlog"] = new(Count, IsLive: true),
            ["Network:MaxChannelsPerPeer"] = new(Count, IsLive: true),
            ["Telemetry:Spans"] = new(null, IsLive: true),
            ["Telemetry:RemoteSpansPerSecond"] = new("0 … 100000", IsLive: true),
            ["Telemetry:RemoteSpansPerNeighbour"] = new("0 … 100000", IsLive: true),
            ["Telemetry:HopContext"] = new(null, IsLive: true),
        };
        foreach (var (name, range) in OverlayOptions.Default.Ranges())
        {
            facts["Protocol:" + name] = new(range);
        }

        return facts;
    }
}
