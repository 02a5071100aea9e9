namespace Overlay.Nodes.Tests;

/// <summary>Waits for what comes soon, on a machine that may be busy.</summary>
internal static class Soon
{
    public static Task<T> Async<T>(ValueTask<T> task) => task.AsTask().WaitAsync(TestHub.Patience, TestContext.Current.CancellationToken);

    public static Task Async(ValueTask task) => task.AsTask().WaitAsync(TestHub.Patience, TestContext.Current.CancellationToken);

    public static Task<T> Async<T>(Task<T> task) => task.WaitAsync(TestHub.Patience, TestContext.Current.CancellationToken);

    public static Task Async(Task task) => task.WaitAsync(TestHub.Patience, TestContext.Current.CancellationToken);

    /// <summary>Looks again and again, giving way to others in between: for conditions that nobody announces.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TestHub.Patience);
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
