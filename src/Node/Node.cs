using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Broadcast;
using Overlay.Messages;
using Overlay.Nodes.Hubs;
using Overlay.Nodes.Media;
using Overlay.Peers;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Runtime;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Peers;
using Overlay.Runtime.Trees;

namespace Overlay.Nodes;

/// <summary>A node of the overlay: starts with one awaited call, sends to ids and names, and receives messages.</summary>
/// <example>
/// <code>
/// await using var node = await Node.StartAsync(new NodeOptions { Name = "alice" }, ct);
/// await node.SendAsync("bob", "hello", ct);
/// await foreach (var message in node.Messages) Console.WriteLine(message.From);
/// </code>
/// </example>
public sealed partial class Node : IAsyncDisposable
{
    private readonly OverlayHost _host;
    private readonly NodeServices _services;

    private Node(OverlayHost host, NodeOptions options, ILoggerFactory loggers)
    {
        (_host, Name, Media) = (host, options.Name, options.Media ?? NoMedia.Instance);
        (Directory, Broadcast, Peers) = (new NodeDirectory(host), new NodeBroadcast(host), new NodePeers(host));
        _services = new NodeServices(
            PeerAddress.Member(host.Id),
            host,
            options.Hub ?? new OverlayHub(host),
            options.Network,
            options.TimeProvider,
            loggers,
            host.Telemetry);
    }

    /// <summary>The node's id.</summary>
    public RingId Id => _host.Id;

    /// <summary>The name it registered, if any.</summary>
    public string? Name { get; }

    /// <summary>Where the node is in its life.</summary>
    public NodePhase Phase => _host.Phase;

    /// <summary>The messages that arrive. One reader; ends when the node stops.</summary>
    public IAsyncEnumerable<OverlayMessage> Messages => _host.ReadMessagesAsync();

    /// <summary>The broadcasts of others. One reader; ends when the node stops.</summary>
    public IAsyncEnumerable<BroadcastMessage> Broadcasts => _host.ReadBroadcastsAsync();

    /// <summary>Signals of Smoke's protocol between this node and pages at the network's hubs, or other members.</summary>
    public IGuestSignals GuestSignals => _host.GuestSignals;

    /// <summary>What the node counted.</summary>
    public NodeCounters Counters => _host.Counters;

    /// <summary>Where others are admitted by this node now; null where nowhere.</summary>
    public string? IntroducesAt => _host.IntroducesAt;

    /// <summary>Addresses of hubs and introducing members that this node remembers, the surest first.</summary>
    public IReadOnlyList<string> Seeds => _host.Seeds;

    /// <summary>Cancelled when the node has stopped.</summary>
    public CancellationToken Ended => _host.Ended;

    /// <summary>Joins the network and, where a name is given, registers it.</summary>
    /// <param name="options">Null: the hub inside this process.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    /// <exception cref="OverlayException">No hub, refused, name taken; <see cref="OverlayException.Reason"/> says which.</exception>
    public static Task<Node> StartAsync(NodeOptions? options = null, CancellationToken cancellationToken = default) =>
        StartAsync(options ?? new NodeOptions(), NullLoggerFactory.Instance, cancellationToken);

    /// <summary>Joins the network, with logs.</summary>
    public static async Task<Node> StartAsync(NodeOptions options, ILoggerFactory loggers, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggers);
        var errors = string.Join(' ', options.Errors());
        if (errors.Length > 0)
        {
            throw new ArgumentException(errors, nameof(options));
        }

        var host = await OverlayHost.StartAsync(options.ToRuntime(loggers), cancellationToken).ConfigureAwait(false);
        try
        {
            if (options.Name is { } name)
            {
                await host.RegisterAsync(name, cancellationToken).ConfigureAwait(false);
            }

            return new Node(host, options, loggers);
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Sends to exactly <paramref name="to"/> and waits for the signed receipt.</summary>
    public Task<DeliveryReport> SendAsync(RingId to, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        _host.SendAsync(to, bytes, new SendOptions { RecordRoute = true }, cancellationToken);

    /// <summary>Sends text (UTF-8) to exactly <paramref name="to"/> and waits for the signed receipt.</summary>
    public Task<DeliveryReport> SendAsync(RingId to, string text, CancellationToken cancellationToken = default) =>
        SendAsync(to, Encoding.UTF8.GetBytes(text), cancellationToken);

    /// <summary>Sends text (UTF-8) to an id or a name and waits for the signed receipt.</summary>
    /// <exception cref="OverlayException">The name is unknown, the node unreachable, or no receipt came.</exception>
    public async Task<DeliveryReport> SendAsync(string to, string text, CancellationToken cancellationToken = default)
    {
        var id = await ResolveAsync(to, cancellationToken).ConfigureAwait(false);
        return await SendAsync(id, Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The id that <paramref name="idOrName"/> stands for: 12 hexadecimal digits are one, a dotted quad is a page of this node's hub, all else is a name.</summary>
    /// <exception cref="ArgumentException">It is neither an id nor a well-formed name.</exception>
    public async Task<RingId> ResolveAsync(string idOrName, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(idOrName);
        if (GuestSignals.TryReadAddress(idOrName, out var id))
        {
            return id;
        }

        if (!NodeNames.IsName(idOrName))
        {
            throw new ArgumentException(
                $"'{idOrName}' is neither an id (12 hexadecimal digits) nor a name (1 … {NameRecord.MaxNameLength} letters, digits, '-', '_' or '.').",
                nameof(idOrName));
        }

        return await _host.ResolveAsync(idOrName, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a direct link to another node and keeps it.</summary>
    public Task ConnectAsync(RingId to, CancellationToken cancellationToken = default) => _host.ConnectAsync(to, cancellationToken);

    /// <summary>Sends to all members but this one, exactly once to each that is there throughout, and waits until they have reported.</summary>
    /// <exception cref="OverlayException">Too large, too many in a second, not a member, or some part of the network never reported.</exception>
    public Task<BroadcastReport> BroadcastAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) => _host.BroadcastAsync(bytes, cancellationToken);

    /// <summary>All members as one stream: each write is a broadcast, and what others broadcast is read. One at a time.</summary>
    public BroadcastStream OpenBroadcastStream() => _host.OpenBroadcastStream();

    /// <summary>Looks for peers from now on: a few other nodes with a stream each way, replaced when they go. Until the result is disposed of or the node stops.</summary>
    /// <param name="options">How many, and whom to ask; null: 3 to 5, members at random.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    /// <exception cref="OverlayException">Not a member, or it looks for peers already.</exception>
    public Task<PeerSet> StartPeersAsync(PeersOptions? options = null, CancellationToken cancellationToken = default) => _host.StartPeersAsync(options, cancellationToken);

    /// <summary>The parent and the children in a tree, with events when they come and go and when they send. Until the result is disposed of or the node stops; one at a time.</summary>
    /// <param name="attach">Attaches handlers before the first event is raised; null: there are none to miss.</param>
    /// <exception cref="InvalidOperationException">The node's network is a ring.</exception>
    /// <exception cref="OverlayException">It is open already.</exception>
    public TreeNeighbours OpenTree(Action<TreeNeighbours>? attach = null) => _host.OpenTree(attach);

    /// <summary>Asks a node for its neighbours, fingers and links.</summary>
    public Task<State> InspectAsync(RingId id, CancellationToken cancellationToken = default) => _host.InspectAsync(id, cancellationToken);

    /// <summary>Hears every observation from now on, until the result is disposed of.</summary>
    /// <param name="observer">Called on the node's loop: must be quick and must not throw.</param>
    public IDisposable Subscribe(Action<NodeObservation> observer) => _host.Subscribe(observer);

    /// <summary>Says good-bye to the neighbours and stops.</summary>
    /// <returns>Whether all neighbours knew before it stopped.</returns>
    public async Task<bool> LeaveAsync(CancellationToken cancellationToken = default)
    {
        await _services.DisposeAsync().ConfigureAwait(false);
        return await _host.LeaveAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops as a crash would, without a word to anybody. For tests of what others do then.</summary>
    public Task KillAsync() => _host.KillAsync();

    /// <summary>Ends servers, sockets and channels, in this order, and leaves gracefully. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync().ConfigureAwait(false);
        await _host.DisposeAsync().ConfigureAwait(false);
    }
}
