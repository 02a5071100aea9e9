using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Overlay.Effects;
using Overlay.Ring;
using Overlay.Routing;

namespace Overlay.Runtime.Trees;

/// <summary>The parent and the children of a node in a tree, as they come and go, and what they send.</summary>
/// <remarks>
/// <para>Events are raised one after the other, in order, never on the node's own loop. A handler that throws is logged, and the next one is called.</para>
/// <para>Nothing is missed: whoever is a neighbour when this is opened is announced first, and what neighbours sent before is kept until then (the last 256 messages).
/// At most 4,096 events wait for slow handlers; one more is logged and lost.</para>
/// <para>Foster children, whose own parent is dead and who have no place of their own yet, are children too, for the seconds that it takes; so there may be more than
/// <see cref="MaxDegree"/> for that long.</para>
/// </remarks>
public sealed partial class TreeNeighbours : IAsyncDisposable
{
    private const int MaxUnraised = 4096;
    private const int MaxEarly = 256;

    private readonly OverlayHost _host;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private readonly Dictionary<RingId, TreeChannel> _children = [];
    private readonly Queue<TreeDataEventArgs> _early = new();
    private Channel<(Observation What, EventArgs Args)>? _events; // Null: nobody listens.
    private Task _raising = Task.CompletedTask;
    private TreeChannel? _parent;
    private bool _isRoot;
    private bool _isEnded;

    internal TreeNeighbours(OverlayHost host, int maxDegree, ILoggerFactory loggers) =>
        (_host, MaxDegree, _log) = (host, maxDegree, loggers.CreateLogger<TreeNeighbours>());

    /// <summary>There is a parent, or another one.</summary>
    public event EventHandler<TreeNeighbourEventArgs>? ParentConnected;

    /// <summary>The parent is none any more: it left, let this node go, or this node moved to another, or stopped. Another is looked for, with all that is below this node.</summary>
    public event EventHandler<TreeNeighbourEventArgs>? ParentClosed;

    /// <summary>The parent is dead, or there is no way to it. Another is looked for, with all that is below this node.</summary>
    public event EventHandler<TreeNeighbourEventArgs>? ParentFailed;

    /// <summary>There is a child more.</summary>
    public event EventHandler<TreeNeighbourEventArgs>? ChildConnected;

    /// <summary>A child is none any more: it left, moved, was let go, or this node stopped.</summary>
    public event EventHandler<TreeNeighbourEventArgs>? ChildClosed;

    /// <summary>A child is dead, or there is no way to it.</summary>
    public event EventHandler<TreeNeighbourEventArgs>? ChildFailed;

    /// <summary>The parent or a child sent something.</summary>
    public event EventHandler<TreeDataEventArgs>? Data;

    /// <summary>This node is the root now.</summary>
    public event EventHandler? BecameRoot;

    /// <summary>This node is the root no more: its tree joined another one.</summary>
    public event EventHandler? SteppedDown;

    /// <summary>Children that a node may have.</summary>
    public int MaxDegree { get; }

    /// <summary>The parent; null for the root, and for who has none at this moment.</summary>
    public TreeChannel? Parent
    {
        get
        {
            lock (_lock)
            {
                return _parent;
            }
        }
    }

    /// <summary>The children at this moment.</summary>
    public IReadOnlyList<TreeChannel> Children
    {
        get
        {
            lock (_lock)
            {
                return [.. _children.Values];
            }
        }
    }

    /// <summary>Whether this node is the root.</summary>
    public bool IsRoot
    {
        get
        {
            lock (_lock)
            {
                return _isRoot;
            }
        }
    }

    /// <summary>Sends to the parent and waits until it has it.</summary>
    /// <exception cref="OverlayException">There is no parent (<see cref="Outcome.Unreachable"/>), too large, or no answer.</exception>
    public Task<DeliveryReport> SendToParentAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        Parent?.SendAsync(bytes, cancellationToken) ?? throw new OverlayException(Outcome.Unreachable, IsRoot ? "The root has no parent." : "There is no parent at this moment; wait for ParentConnected.");

    /// <summary>Sends to all children and waits until they have it.</summary>
    /// <exception cref="OverlayException">One of them could not be reached.</exception>
    public async Task SendToChildrenAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        await Task.WhenAll(Children.Select(child => child.SendAsync(bytes, cancellationToken))).ConfigureAwait(false);

    /// <summary>Ends the events; the neighbours stay. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        Task raising;
        lock (_lock)
        {
            _events?.Writer.TryComplete();
            _events = null;
            (raising, _raising) = (_raising, Task.CompletedTask);
        }

        await raising.ConfigureAwait(false);
    }

    /// <summary>Begins to raise events. False where it does already.</summary>
    internal bool TryOpen(Action<TreeNeighbours>? attach)
    {
        lock (_lock)
        {
            if (_events is not null)
            {
                return false;
            }

            ForgetHandlers();
            attach?.Invoke(this);
            _events = Channel.CreateBounded<(Observation, EventArgs)>(new BoundedChannelOptions(MaxUnraised) { SingleReader = true });
            Announce();
            if (_isEnded)
            {
                _events.Writer.TryComplete();
            }

            var reader = _events.Reader;
            _raising = Task.Run(() => RaiseAsync(reader));
            return true;
        }
    }

    /// <summary>On the node's loop.</summary>
    internal void Happened(Observation what, RingId neighbour)
    {
        lock (_lock)
        {
            switch (what)
            {
                case Observation.ParentConnected:
                    _parent = new(_host, neighbour, isParent: true);
                    Tell(what, new TreeNeighbourEventArgs(_parent));
                    break;
                case Observation.ParentClosed or Observation.ParentFailed when _parent is { } parent && parent.Id == neighbour:
                    _parent = null;
                    Tell(what, new TreeNeighbourEventArgs(parent));
                    break;
                case Observation.ChildConnected:
                    var added = _children[neighbour] = new(_host, neighbour, isParent: false);
                    Tell(what, new TreeNeighbourEventArgs(added));
                    break;
                case Observation.ChildClosed or Observation.ChildFailed when _children.Remove(neighbour, out var gone):
                    Tell(what, new TreeNeighbourEventArgs(gone));
                    break;
                case Observation.BecameRoot or Observation.SteppedDown:
                    _isRoot = what == Observation.BecameRoot;
                    Tell(what, EventArgs.Empty);
                    break;
            }
        }
    }

    /// <summary>On the node's loop. False where it is lost.</summary>
    internal bool Arrived(RingId from, TreeSide side, ReadOnlyMemory<byte> bytes)
    {
        lock (_lock)
        {
            var channel = side == TreeSide.Parent ? _parent : _children.GetValueOrDefault(from);
            if (channel is null || _isEnded)
            {
                return false;
            }

            var data = new TreeDataEventArgs(channel, bytes);
            if (_events is not null)
            {
                return Tell(Observation.None, data);
            }

            _early.Enqueue(data);
            return _early.Count <= MaxEarly || !_early.TryDequeue(out _);
        }
    }

    /// <summary>The node stopped, perhaps without having said good-bye.</summary>
    internal void NodeStopped()
    {
        lock (_lock)
        {
            if (_parent is { } parent)
            {
                Happened(Observation.ParentClosed, parent.Id);
            }

            foreach (var child in _children.Keys.ToArray())
            {
                Happened(Observation.ChildClosed, child);
            }

            _isEnded = true;
            _events?.Writer.TryComplete();
        }
    }

    private void ForgetHandlers()
    {
        (ParentConnected, ParentClosed, ParentFailed, ChildConnected, ChildClosed, ChildFailed) = (null, null, null, null, null, null);
        (Data, BecameRoot, SteppedDown) = (null, null, null);
    }

    private void Announce()
    {
        if (_isRoot)
        {
            Tell(Observation.BecameRoot, EventArgs.Empty);
        }

        if (_parent is { } parent)
        {
            Tell(Observation.ParentConnected, new TreeNeighbourEventArgs(parent));
        }

        foreach (var child in _children.Values)
        {
            Tell(Observation.ChildConnected, new TreeNeighbourEventArgs(child));
        }

        while (_early.TryDequeue(out var data))
        {
            Tell(Observation.None, data);
        }
    }

    private bool Tell(Observation what, EventArgs args)
    {
        var isRoom = _events?.Writer.TryWrite((what, args)) ?? true;
        if (!isRoom && !_isEnded)
        {
            LogMissed(_log, what, MaxUnraised);
        }

        return isRoom;
    }

    private async Task RaiseAsync(ChannelReader<(Observation What, EventArgs Args)> events)
    {
        await foreach (var (what, args) in events.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                Raise(what, args);
            }
            catch (Exception e)
            {
                LogThrew(_log, what, e);
            }
        }
    }

    private void Raise(Observation what, EventArgs args)
    {
        switch (what, args)
        {
            case (_, TreeDataEventArgs data):
                Data?.Invoke(this, data);
                break;
            case (Observation.ParentConnected, TreeNeighbourEventArgs neighbour):
                ParentConnected?.Invoke(this, neighbour);
                break;
            case (Observation.ParentClosed, TreeNeighbourEventArgs neighbour):
                ParentClosed?.Invoke(this, neighbour);
                break;
            case (Observation.ParentFailed, TreeNeighbourEventArgs neighbour):
                ParentFailed?.Invoke(this, neighbour);
                break;
            case (Observation.ChildConnected, TreeNeighbourEventArgs neighbour):
                ChildConnected?.Invoke(this, neighbour);
                break;
            case (Observation.ChildClosed, TreeNeighbourEventArgs neighbour):
                ChildClosed?.Invoke(this, neighbour);
                break;
            case (Observation.ChildFailed, TreeNeighbourEventArgs neighbour):
                ChildFailed?.Invoke(this, neighbour);
                break;
            case (Observation.BecameRoot, _):
                BecameRoot?.Invoke(this, args);
                break;
            case (Observation.SteppedDown, _):
                SteppedDown?.Invoke(this, args);
                break;
        }
    }

    [LoggerMessage(EventId = 50, Level = LogLevel.Warning, Message = "The event {What} of the tree is not raised: {Count} wait for slow handlers already")]
    private static partial void LogMissed(ILogger log, Observation what, int count);

    [LoggerMessage(EventId = 51, Level = LogLevel.Error, Message = "A handler of the event {What} of the tree threw")]
    private static partial void LogThrew(ILogger log, Observation what, Exception exception);
}
