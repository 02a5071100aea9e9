using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Ring;

namespace Overlay.Runtime;

/// <summary>Names.</summary>
public sealed partial class OverlayHost
{
    private const int MaxUnreadChanges = 64;

    private readonly ConcurrentDictionary<long, Channel<NameChange>> _watches = new();

    /// <summary>Registers a name for this node and keeps it refreshed while the node lives.</summary>
    /// <exception cref="OverlayException">Taken, not a name, or no answer.</exception>
    public async Task RegisterAsync(string name, CancellationToken cancellationToken = default)
    {
        var result = await RunAsync("directory register", ActivityKind.Client, null, (now, outbox) => _node.Register(now, name, outbox), cancellationToken).ConfigureAwait(false);
        result.Check($"Registering '{name}'");
    }

    /// <summary>Gives a name of this node up: anybody may take it at once.</summary>
    /// <exception cref="OverlayException">It is not this node's, or no answer.</exception>
    public async Task UnregisterAsync(string name, CancellationToken cancellationToken = default)
    {
        var result = await RunAsync("directory unregister", ActivityKind.Client, null, (now, outbox) => _node.Unregister(now, name, outbox), cancellationToken).ConfigureAwait(false);
        result.Check($"Unregistering '{name}'");
    }

    /// <summary>Asks who holds a name: a member, or a page at one of the hubs (<see cref="Identity.GuestIds"/>).</summary>
    public async Task<RingId> ResolveAsync(string name, CancellationToken cancellationToken = default)
    {
        var entry = await ResolveEntryAsync(name, cancellationToken).ConfigureAwait(false);
        return entry.Record.Target;
    }

    /// <summary>Asks who holds a name, since when and under which fencing epoch.</summary>
    public async Task<NameEntry> ResolveEntryAsync(string name, CancellationToken cancellationToken = default)
    {
        var result = await RunAsync("directory resolve", ActivityKind.Client, null, (now, outbox) => _node.Resolve(now, name, outbox), cancellationToken).ConfigureAwait(false);
        return result.As<NameEntry>($"Resolving '{name}'");
    }

    /// <summary>Who holds a name now, and each change from here on. Ends with the enumeration, or when the node stops.</summary>
    /// <remarks>A reader that falls behind by more than 64 changes loses the oldest: the last one is always the truth.</remarks>
    /// <exception cref="OverlayException">Not a name, watched already, or no answer.</exception>
    public async IAsyncEnumerable<NameChange> WatchNameAsync(string name, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var changes = Channel.CreateBounded<NameChange>(new BoundedChannelOptions(MaxUnreadChanges) { FullMode = BoundedChannelFullMode.DropOldest });
        var watch = 0L;
        var outcome = default(Outcome?);
        try
        {
            var result = await RunAsync(
                "directory watch",
                ActivityKind.Client,
                null,
                (now, outbox) =>
                {
                    var request = _node.Watch(now, name, outbox);
                    _watches[watch = request.Value] = changes; // Before the effects of this very step are performed.
                    return request;
                },
                cancellationToken).ConfigureAwait(false);
            outcome = result.Outcome;
            result.Check($"Watching '{name}'");
            yield return new(name, result.Value as NameEntry);
            await foreach (var change in changes.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return change;
            }
        }
        finally
        {
            _watches.TryRemove(watch, out _);
            if ((outcome is null or Outcome.Done) && !Ended.IsCancellationRequested)
            {
                await _loop.PostAsync(LoopInput.Do((now, outbox) => _node.Unwatch(now, name, outbox)), CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private void Tell(RequestId watch, NameChange change)
    {
        if (_watches.TryGetValue(watch.Value, out var changes))
        {
            changes.Writer.TryWrite(change);
        }
    }

    private void EndWatches()
    {
        foreach (var changes in _watches.Values)
        {
            changes.Writer.TryComplete();
        }
    }
}
