using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Overlay.Nodes.Streams;

namespace Overlay.Nodes.Bridging;

/// <summary>One end of what a <see cref="BytePump"/> joins.</summary>
internal abstract class PumpEnd : IAsyncDisposable
{
    /// <summary>What this end sends.</summary>
    public abstract PipeReader Input { get; }

    /// <summary>What is sent to this end.</summary>
    public abstract PipeWriter Output { get; }

    /// <summary>Whether one direction can end while the other goes on.</summary>
    public virtual bool HasHalfClose => true;

    /// <summary>Tells this end that nothing more comes.</summary>
    public abstract ValueTask EndAsync();

    /// <summary>Breaks it off. Idempotent.</summary>
    public abstract void Abort();

    /// <summary>Delivers what was written, and closes. Idempotent.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>A byte pipe of the overlay.</summary>
internal sealed class OverlayEnd(PipeConnection pipe) : PumpEnd
{
    public override PipeReader Input => pipe.Input;

    public override PipeWriter Output => pipe.Output;

    public override ValueTask EndAsync() => pipe.Output.CompleteAsync();

    public override void Abort() => pipe.Abort();

    public override ValueTask DisposeAsync() => pipe.DisposeAsync();
}

/// <summary>A TCP connection.</summary>
internal sealed class TcpEnd : PumpEnd
{
    private const int BufferBytes = 65_536;

    private readonly Socket _socket;
    private int _isEnded;

    public TcpEnd(Socket socket)
    {
        _socket = socket;
        _socket.NoDelay = true;
        var stream = new NetworkStream(socket, ownsSocket: false);
        Input = PipeReader.Create(stream, new(bufferSize: BufferBytes, leaveOpen: true));
        Output = PipeWriter.Create(stream, new(leaveOpen: true));
    }

    public override PipeReader Input { get; }

    public override PipeWriter Output { get; }

    public override async ValueTask EndAsync()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            await Output.CompleteAsync().ConfigureAwait(false);
            _socket.Shutdown(SocketShutdown.Send);
        }
    }

    /// <summary>A reset, so that the other side does not take it for the end.</summary>
    public override void Abort()
    {
        try
        {
            _socket.LingerState = new LingerOption(enable: true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }

        _socket.Dispose();
    }

    public override ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>What is left of an HTTP request after the switch to another protocol.</summary>
internal sealed class StreamEnd(Stream stream) : PumpEnd
{
    public override PipeReader Input { get; } = PipeReader.Create(stream, new(leaveOpen: true));

    public override PipeWriter Output { get; } = PipeWriter.Create(stream, new(leaveOpen: true));

    public override bool HasHalfClose => false;

    public override ValueTask EndAsync() => ValueTask.CompletedTask;

    public override void Abort() => stream.Dispose();

    public override ValueTask DisposeAsync() => stream.DisposeAsync();
}

/// <summary>A connection that Kestrel has accepted; Kestrel closes it when its handler returns.</summary>
internal sealed class KestrelEnd(ConnectionContext connection) : PumpEnd
{
    public override PipeReader Input => connection.Transport.Input;

    public override PipeWriter Output => connection.Transport.Output;

    // Its sockets end both directions together.
    public override bool HasHalfClose => false;

    public override ValueTask EndAsync() => ValueTask.CompletedTask;

    public override void Abort() => connection.Abort();

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
