using Overlay.Nodes.Hosting.Configuration;

namespace Overlay.Exporting;

/// <summary>Every key of the section of export. None may change while the node runs.</summary>
internal static class OtlpOptionKeys
{
    public static IReadOnlyList<OptionKey> All { get; } = OptionKey.Of(typeof(OtlpOptions), new Dictionary<string, OptionFacts>(StringComparer.Ordinal)
    {
        ["Endpoint"] = new("an address http://HOST:PORT or https://HOST:PORT"),
        ["Protocol"] = new("http/protobuf, grpc"),
        ["ServiceName"] = new("a text"),
        ["Sources"] = new("names of activity sources"),
        ["Meters"] = new("names of meters"),
    });
}
