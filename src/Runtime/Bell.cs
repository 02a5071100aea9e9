using System.Threading.Tasks.Sources;

namespace Overlay.Runtime;

/// <summary>Wakes the one loop of a node. Ringing twice wakes once; a ring before the wait is not lost.</summary>
/// <remarks>No allocation for a wait. One waiter at most: the loop.</remarks>
internal sealed class Bell : IValueTaskSource
{
    private const int Idle = 0;
    private const int Rung = 1;
    private const int Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    /// <summary>Wakes the loop; from any thread.</summary>
    public void Ring()
    {
        if (Interlocked.Exchange(ref _state, Rung) == Waiting)
        {
            _core.SetResult(true);
        }
    }

    /// <summary>Waits for the next ring. The loop looks at all its inputs after each return.</summary>
    public ValueTask WaitAsync()
    {
        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Idle)
        {
            return new ValueTask(this, _core.Version);
        }

        Interlocked.Exchange(ref _state, Idle); // A full fence, as below.
        return ValueTask.CompletedTask;
    }

    void IValueTaskSource.GetResult(short token)
    {
        _core.GetResult(token);
        // Before the inputs are looked at, so that a ring from now on wakes again. A full fence: a plain store may become visible only after the reads that
        // follow it, and would then wipe out the ring of an input that those reads did not see.
        Interlocked.Exchange(ref _state, Idle);
    }

    /// <summary>
    /// Always pending, so that the loop goes on by its continuation only. A ringer that is still inside SetResult has completed the core already; a loop that saw
    /// that, went on and waited again would reset the core under the ringer's hands, which then wakes the next wait, or nobody.
    /// </summary>
    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => ValueTaskSourceStatus.Pending;

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
