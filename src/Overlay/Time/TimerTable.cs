using System.Runtime.CompilerServices;

namespace Overlay.Time;

/// <summary>The named deadlines of a node.</summary>
public enum OverlayTimer : byte
{
    /// <summary>Ask the successor for its neighbours, then notify it; while founding, compare the set.</summary>
    Stabilize,

    /// <summary>Refresh the next finger.</summary>
    FixFingers,

    /// <summary>Probe what has been silent too long, and judge the suspects.</summary>
    Probe,

    /// <summary>The earliest deadline of a link set-up in flight.</summary>
    SetUps,

    /// <summary>The earliest deadline of a command that waits for its result.</summary>
    Commands,

    /// <summary>Refresh own names, forget lapsed ones.</summary>
    Directory,

    /// <summary>Ask the hub again, or take back a gateway slot.</summary>
    Hub,

    /// <summary>Close links that nobody needs.</summary>
    Links,
}

/// <summary>One deadline for each <see cref="OverlayTimer"/>. A host only ever sees <see cref="NextDue"/>.</summary>
/// <remarks>A value without objects: keep it in a field, never copy it.</remarks>
public struct TimerTable
{
    private const int Count = (int)OverlayTimer.Links + 1;

    private Deadlines _due;

    /// <summary>A table with nothing armed.</summary>
    public TimerTable()
    {
        for (var i = 0; i < Count; i++)
        {
            _due[i] = Instant.Never;
        }
    }

    /// <summary>The earliest deadline; <see cref="Instant.Never"/> where nothing is armed.</summary>
    public readonly Instant NextDue
    {
        get
        {
            var next = Instant.Never;
            for (var i = 0; i < Count; i++)
            {
                next = Instant.Min(next, _due[i]);
            }

            return next;
        }
    }

    /// <summary>When <paramref name="timer"/> is due.</summary>
    public readonly Instant this[OverlayTimer timer] => _due[(int)timer];

    /// <summary>Arms <paramref name="timer"/>, whatever it was set to before.</summary>
    public void Set(OverlayTimer timer, Instant due) => _due[(int)timer] = due;

    /// <summary>Arms <paramref name="timer"/> unless it is due earlier already.</summary>
    public void SetIfEarlier(OverlayTimer timer, Instant due) => _due[(int)timer] = Instant.Min(_due[(int)timer], due);

    /// <summary>Disarms <paramref name="timer"/>.</summary>
    public void Stop(OverlayTimer timer) => _due[(int)timer] = Instant.Never;

    /// <summary>Takes a timer that is due and disarms it. In the order of declaration, so that every run is alike.</summary>
    public bool TryTakeDue(Instant now, out OverlayTimer timer)
    {
        for (var i = 0; i < Count; i++)
        {
            if (_due[i] <= now)
            {
                _due[i] = Instant.Never;
                timer = (OverlayTimer)i;
                return true;
            }
        }

        timer = default;
        return false;
    }

    [InlineArray(Count)]
    private struct Deadlines
    {
        private Instant _first;
    }
}
