using System.Runtime.InteropServices;

namespace Overlay.Cli;

/// <summary>Ctrl-C and SIGTERM: the first one asks the command to end in good order, the second one ends the process.</summary>
internal sealed class Signals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Timer _force;
    private int _isStopping;

    public Signals()
    {
        _force = new Timer(static _ => Environment.Exit(Output.ExitCodes.Interrupted));
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle)];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>A command that has not ended so long after the first signal is ended.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether it was SIGTERM: for a service the ordinary end, no interruption.</summary>
    public bool IsTermination { get; private set; }

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _force.Dispose();
        _stop.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (Interlocked.Exchange(ref _isStopping, 1) != 0)
        {
            return; // The system's default: the process ends.
        }

        context.Cancel = true;
        IsTermination = context.Signal == PosixSignal.SIGTERM;
        _force.Change(Patience, Timeout.InfiniteTimeSpan);
        _stop.Cancel();
    }
}
