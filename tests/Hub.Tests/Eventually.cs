namespace Overlay.Hub.Tests;

/// <summary>Waits for what another thread is about to do; fails with a reason instead of hanging.</summary>
internal static class Eventually
{
    public static async Task IsTrueAsync(Func<bool> condition, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, what);
            await Task.Delay(5, CancellationToken.None);
        }
    }
}

/// <summary>A directory of a test's own.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("overlay-hub-").FullName;

    public string File => System.IO.Path.Combine(Path, "hub.json");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
