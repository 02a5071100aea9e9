using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Overlay.Checks;
using Overlay.Effects;
using Overlay.Hub;
using Overlay.Messages;
using Overlay.Nodes;
using Overlay.Ring;
using Overlay.Runtime;

namespace Overlay.Cli.Demo;

/// <summary>The demo's nodes: real ones, each with its own socket and loop, watched from outside.</summary>
internal sealed class DemoNetwork(OverlayOptions protocol) : IAsyncDisposable
{
    /// <summary>Joins in progress at the most.</summary>
    public const int MaxJoinsAtOnce = 4;

    private static readonly TimeSpan DeliveryTime = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<RingId, DemoNode> _living = new();
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<int>> _expected = new();
    private readonly ConcurrentBag<NodeCounters> _counters = [];
    private ulong _lastTag;

    /// <summary>The nodes that live, by id.</summary>
    public IReadOnlyList<DemoNode> Living => [.. _living.Values.OrderBy(static node => node.Node.Id.Value)];

    /// <summary>Offers, answers and candidate batches of all nodes so far that crossed a hub's socket.</summary>
    public long SignalsByHub => _counters.Sum(static c => c.SignalsByHub);

    /// <summary>The same that went through the overlay only.</summary>
    public long SignalsByOverlay => _counters.Sum(static c => c.SignalsByOverlay);

    /// <summary>Starts <paramref name="count"/> nodes, at most four joins at a time. A join ends when its hub socket is closed, or has become a gateway's.</summary>
    public async Task StartAsync(HubServer hub, int count, ulong seed, Action started, CancellationToken cancellationToken)
    {
        var joining = 0;
        using var places = new SemaphoreSlim(MaxJoinsAtOnce);
        var joins = Enumerable.Range(0, count).Select(async index =>
        {
            await places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                Interlocked.Increment(ref joining);
                await StartOneAsync(hub.Uri, seed + (ulong)index, cancellationToken).ConfigureAwait(false);
                Interlocked.Decrement(ref joining);
                started();
                while (hub.Status is var status && status.Sockets.Now > status.Gateways + Volatile.Read(ref joining))
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(2), cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                places.Release();
            }
        });
        await Task.WhenAll(joins).ConfigureAwait(false);
    }

    /// <summary>The tables of all living nodes at about this moment.</summary>
    public async Task<List<State>> StatesAsync(CancellationToken cancellationToken)
    {
        var states = new List<State>();
        foreach (var node in Living)
        {
            states.Add(await node.Node.InspectAsync(node.Node.Id, cancellationToken).ConfigureAwait(false));
        }

        return states;
    }

    /// <summary>The root of the tree; null where there is none, or more than one.</summary>
    public async Task<DemoNode?> RootAsync(CancellationToken cancellationToken)
    {
        var living = Living;
        var states = await StatesAsync(cancellationToken).ConfigureAwait(false);
        var roots = living.Where((_, i) => states[i] is { Phase: NodePhase.Member, Predecessor: null }).ToList();
        return roots.Count == 1 ? roots[0] : null;
    }

    /// <summary>Waits until the checker sees exact successor lists and inverse predecessors, or one tree; false where that takes too long.</summary>
    public async Task<bool> WaitForIdealAsync(TimeSpan patience, Action<int> look, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < patience)
        {
            var problems = await CheckAsync(cancellationToken).ConfigureAwait(false);
            look(problems.Count);
            if (problems.Count == 0)
            {
                return true;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>What the checker has against the network now.</summary>
    public async Task<List<string>> CheckAsync(CancellationToken cancellationToken)
    {
        var living = Living;
        var states = await StatesAsync(cancellationToken).ConfigureAwait(false);
        return DemoSnapshot.Check(protocol, living, states);
    }

    /// <summary>Sends one message and waits until the destination's application has it. Hops, or −1 where it did not arrive in 10 s; and why it did not.</summary>
    public async Task<(bool Accepted, int Hops, string Why)> SendAsync(DemoNode from, RingId to, CancellationToken cancellationToken)
    {
        var tag = Interlocked.Increment(ref _lastTag);
        var bytes = new byte[32];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, tag);
        var arrived = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _expected[tag] = arrived;
        try
        {
            var sending = from.Node.SendAsync(to, bytes, cancellationToken);
            var first = await Task.WhenAny(arrived.Task, sending).WaitAsync(DeliveryTime, cancellationToken).ConfigureAwait(false);
            if (first != arrived.Task)
            {
                await sending.ConfigureAwait(false); // Refused here, or the receipt overtook the receiver's reader.
            }

            return (true, await arrived.Task.WaitAsync(DeliveryTime, cancellationToken).ConfigureAwait(false), "");
        }
        catch (TimeoutException)
        {
            return (true, -1, $"{from.Node.Id} → {to}: it did not arrive in {DeliveryTime.TotalSeconds} s");
        }
        catch (OverlayException e)
        {
            return (false, -1, $"{from.Node.Id} → {to}: {e.Message}");
        }
        finally
        {
            _expected.TryRemove(tag, out _);
        }
    }

    /// <summary>Ends a node as a crash would.</summary>
    public async Task KillAsync(DemoNode node)
    {
        _living.TryRemove(node.Node.Id, out _);
        await node.Node.KillAsync().ConfigureAwait(false);
    }

    /// <summary>Lets a node leave gracefully; true where it was told that all its neighbours knew.</summary>
    public async Task<bool> LeaveAsync(DemoNode node, CancellationToken cancellationToken)
    {
        _living.TryRemove(node.Node.Id, out _);
        var knew = await node.Node.LeaveAsync(cancellationToken).ConfigureAwait(false);
        await node.Receiving.ConfigureAwait(false);
        return knew;
    }

    public async ValueTask DisposeAsync()
    {
        // The demo is over: nobody is left to be told, so nobody waits for good-byes.
        await Task.WhenAll(_living.Values.Select(static node => node.Node.KillAsync())).ConfigureAwait(false);
        _living.Clear();
    }

    private async Task StartOneAsync(Uri hub, ulong seed, CancellationToken cancellationToken)
    {
        var seen = new ConcurrentDictionary<RingId, bool>();
        var options = new NodeOptions
        {
            Hubs = { hub },
            Listen = IPAddress.Loopback.ToString(),
            Seed = seed,
            Protocol = protocol,
            OnObserved = observation =>
            {
                if (observation.What == Observation.PeerLeft)
                {
                    seen[observation.Peer] = true;
                }
            },
        };
        var node = await Node.StartAsync(options, cancellationToken).ConfigureAwait(false);
        _counters.Add(node.Counters);
        _living[node.Id] = new DemoNode(node, seen, ReceiveAsync(node));
    }

    private async Task ReceiveAsync(Node node)
    {
        await foreach (var message in node.Messages.ConfigureAwait(false))
        {
            if (message.Bytes.Length >= sizeof(ulong)
                && _expected.TryGetValue(BinaryPrimitives.ReadUInt64BigEndian(message.Bytes.Span), out var arrived))
            {
                arrived.TrySetResult(message.Hops);
            }
        }
    }
}

/// <summary>A node of the demo: itself, whose good-byes it saw, and the task that reads its messages.</summary>
internal sealed record DemoNode(Node Node, ConcurrentDictionary<RingId, bool> SeenLeaving, Task Receiving);
