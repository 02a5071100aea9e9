namespace Overlay.Runtime.Tests;

/// <summary>"Something changed": lets a test wait for a condition without asking the clock.</summary>
internal sealed class Signal
{
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Something changed; from any thread.</summary>
    public void Set() => Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Looks at the condition now and after each change.</summary>
    public Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    /// <summary>Looks at the condition now and after each change.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience.Long);
        while (true)
        {
            var changed = _changed.Task; // Before the look, so that no change in between is missed.
            if (await condition())
            {
                return;
            }

            await changed.WaitAsync(patience.Token);
        }
    }
}
