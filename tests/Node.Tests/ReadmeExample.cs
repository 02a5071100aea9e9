namespace Overlay.Nodes.Tests;

/// <summary>README's example, word for word: <c>Architecture.Tests</c> compares the two, and here it runs.</summary>
public sealed class ReadmeExample
{
    [Fact]
    public async Task It_says_what_README_says()
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Console.Begin(enough);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(enough.Token));

        Assert.Collection(
            Console.Lines,
            line => Assert.Matches("^[0-9a-f]{12} reached [0-9a-f]{12} over 1 link\\(s\\)$", line),
            line => Assert.Matches("^[0-9a-f]{12} says hello$", line));
        Assert.Equal(Console.Lines[0][..12], Console.Lines[1][..12]);
    }

    private static async Task RunAsync(CancellationToken ct)
    {
        await using var alice = await Node.StartAsync(new NodeOptions { Name = "alice" }, ct);
        await using var bob = await Node.StartAsync(new NodeOptions { Name = "bob" }, ct);
        var receipt = await bob.SendAsync("alice", "hello", ct);
        Console.WriteLine($"{bob.Id} reached {alice.Id} over {receipt.Hops} link(s)");
        await foreach (var message in alice.Messages.WithCancellation(ct))
            Console.WriteLine($"{message.From} says {message.Text}");
    }

    /// <summary>What the example prints; the message that it waits for ends it.</summary>
    private static class Console
    {
        private static CancellationTokenSource _enough = new();

        public static List<string> Lines { get; } = [];

        public static void Begin(CancellationTokenSource enough)
        {
            Lines.Clear();
            _enough = enough;
        }

        public static void WriteLine(string line)
        {
            Lines.Add(line);
            if (line.Contains(" says ", StringComparison.Ordinal))
            {
                _enough.Cancel();
            }
        }
    }
}
