namespace Overlay.Benchmarks.Nodes;

/// <summary>What a node offers, measured over real links on loopback beside what one would take instead.</summary>
internal static class NodeComparison
{
    private static readonly (string Name, Func<TextWriter, Task> Run)[] Parts =
    [
        ("fetch", FetchComparison.RunAsync), ("streams", StreamComparison.RunAsync), ("body", LongBody.RunAsync), ("sockets", ManySockets.RunAsync),
    ];

    public static async Task<int> RunAsync(TextWriter output, string[] wanted)
    {
        foreach (var name in wanted)
        {
            if (!Parts.Any(part => part.Name == name))
            {
                output.WriteLine($"'{name}' is none of {string.Join(", ", Parts.Select(part => part.Name))}.");
                return 2;
            }
        }

        foreach (var (name, run) in Parts)
        {
            if (wanted.Length == 0 || wanted.Contains(name))
            {
                await run(output);
                output.WriteLine();
            }
        }

        return 0;
    }
}
