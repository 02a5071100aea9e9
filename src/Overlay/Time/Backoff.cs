namespace Overlay.Time;

/// <summary>Spacing of retries: doubles from <paramref name="first"/> to <paramref name="most"/>, each delay jittered so that many who failed together do not return together.</summary>
/// <remarks>A mutable value: keep it in a field. The delay drawn lies in [¾, 1] of the step, so it never exceeds <paramref name="most"/>.</remarks>
/// <param name="first">The first step.</param>
/// <param name="most">The largest step.</param>
public struct Backoff(TimeSpan first, TimeSpan most)
{
    private readonly TimeSpan _first = first;
    private readonly TimeSpan _most = most;
    private int _failures;

    /// <summary>Failures since the last success.</summary>
    public readonly int Failures => _failures;

    /// <summary>The delay before the next try, after one more failure.</summary>
    public TimeSpan Next(ref Prng prng)
    {
        var step = _first;
        for (var i = 0; i < _failures && step < _most; i++)
        {
            step = step > _most / 2 ? _most : step * 2; // Compared before doubling: no overflow, however often it failed.
        }

        _failures = _failures == int.MaxValue ? _failures : _failures + 1;
        step = step < _most ? step : _most;
        return prng.Between(step * 3 / 4, step + TimeSpan.FromTicks(1));
    }

    /// <summary>Starts over after a success.</summary>
    public void Reset() => _failures = 0;
}
