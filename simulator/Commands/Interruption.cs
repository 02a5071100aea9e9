using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Overlay.Simulator.Commands;

/// <summary>Ctrl-C and SIGTERM as a token: the first asks the run to end with what it has, one more than a second later ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    // Whoever stops a whole group of processes may send the same signal twice.
    private static readonly TimeSpan SameSignal = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _source = new();
    private readonly Lock _gate = new();
    private Stopwatch? _since;
    private readonly PosixSignalRegistration[] _signals;

    public Interruption()
    {
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt)];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var signal in _signals)
        {
            signal.Dispose();
        }

        _source.Dispose();
    }

    private void Interrupt(PosixSignalContext context)
    {
        lock (_gate)
        {
            context.Cancel = _since is null || _since.Elapsed < SameSignal;
            _since ??= Stopwatch.StartNew();
        }

        _source.Cancel();
    }
}
