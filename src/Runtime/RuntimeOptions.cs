using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Hubs;
using Overlay.Runtime.Telemetry;

namespace Overlay.Runtime;

/// <summary>What a node needs of its surroundings.</summary>
public sealed record RuntimeOptions
{
    /// <summary>The ways to the hubs, tried in turn.</summary>
    /// <value>At least one.</value>
    public required IReadOnlyList<IHubConnector> Hubs { get; init; }

    /// <summary>The protocol's tunables.</summary>
    public OverlayOptions Protocol { get; init; } = OverlayOptions.Default;

    /// <summary>The directory of the node's key, instance, remembered hub and seeds; null keeps all of it in memory.</summary>
    /// <value>Default null: a new identity for each start.</value>
    public string? DataDirectory { get; init; }

    /// <summary>The local addresses to bind; empty takes all that others may reach.</summary>
    /// <value>Default empty. At most 8.</value>
    public IReadOnlyList<IPAddress> ListenAddresses { get; init; } = [];

    /// <summary>The UDP port of links on every address; the one after it is that of channels.</summary>
    /// <value>Default 0: any two free ones. 0 … 65,534.</value>
    public int Port { get; init; }

    /// <summary>Where others reach this node, if not at the address that is bound: the outer side of a forwarded port, of a container's port, of a one-to-one translation.</summary>
    /// <value>Default null: where it is bound. The port after it must lead to this node's port after <see cref="Port"/>. Needs one address in <see cref="ListenAddresses"/> of the same family, and a <see cref="Port"/>.</value>
    public IPEndPoint? Advertised { get; init; }

    /// <summary>Whether loopback is among the addresses where they are not given: for nodes that share a machine.</summary>
    /// <value>Default false.</value>
    public bool WithLoopback { get; init; }

    /// <summary>Whether the node only sends and is never a member: the <c>send</c> and <c>peers</c> commands.</summary>
    /// <value>Default false.</value>
    public bool IsGuest { get; init; }

    /// <summary>The join token for a hub that asks for one.</summary>
    /// <value>Default empty.</value>
    public string Token { get; init; } = "";

    /// <summary>The secret of the hub's tree, by which this node becomes its root: at the beginning, or in place of the root that there is.</summary>
    /// <value>Default empty: it does not. Only with <see cref="Topology.Tree"/>.</value>
    public string RootSecret { get; init; } = "";

    /// <summary>The endpoint at which this node introduces others, as soon as a hub has granted it the right to.</summary>
    /// <value>Default null: it introduces nobody. Not for guests.</value>
    public IIntroduction? Introduction { get; init; }

    /// <summary>How this node's channels go, and what it passes on for those of others.</summary>
    public PeerChannelOptions Channels { get; init; } = new();

    /// <summary>How long <c>StartAsync</c> waits for a place in the network.</summary>
    /// <value>Default 60 s. It ends at once where the hub refuses.</value>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Messages that may wait for the application.</summary>
    /// <value>Default 16,384; one more is dropped and counted.</value>
    public int MaxUndelivered { get; init; } = 16_384;

    /// <summary>Signals of pages that may wait for the application.</summary>
    /// <value>Default 1,024; one more is dropped and counted.</value>
    public int MaxUnreadSignals { get; init; } = 1024;

    /// <summary>Seeds what decides schedules (not secrets); null draws one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where logs go.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>What the node tells of itself, and what it does for traces of others.</summary>
    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>Takes the node's spans and metrics somewhere.</summary>
    /// <value>Default null: nowhere, unless the program listens to <see cref="OverlayTelemetry.Name"/> itself.</value>
    public INodeExport? Export { get; init; }

    /// <summary>Hears every observation, on the node's loop: must be quick and must not throw.</summary>
    public Action<NodeObservation>? OnObserved { get; init; }

    /// <summary>The name of the type alone: secrets are among its values, and what is written out ends in logs and dumps.</summary>
    public override string ToString() => nameof(RuntimeOptions);

    /// <summary>Throws for values that cannot work.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        if (Hubs.Count == 0)
        {
            throw new ArgumentException("Hubs: at least one hub is needed to be introduced to the network.");
        }

        if (Port is < 0 or >= ushort.MaxValue)
        {
            throw new ArgumentException($"Port: {Port} is not in 0 … 65534 (the port after it is taken too).");
        }

        if (ListenAddresses.Count > Sockets.LocalAddresses.MaxAddresses)
        {
            throw new ArgumentException($"ListenAddresses: {ListenAddresses.Count} addresses are more than {Sockets.LocalAddresses.MaxAddresses}.");
        }

        if (Advertised is { } outside && (outside.Port is 0 or ushort.MaxValue || Port == 0 || ListenAddresses is not [var inside] || inside.AddressFamily != outside.AddressFamily))
        {
            throw new ArgumentException($"Advertised: '{outside}' stands for one address and port of this node: give one ListenAddress of its family and a Port, and a port in 1 … 65534 here.");
        }

        if (MaxUndelivered < 1)
        {
            throw new ArgumentException($"MaxUndelivered: {MaxUndelivered} is less than 1.");
        }

        if (MaxUnreadSignals < 1)
        {
            throw new ArgumentException($"MaxUnreadSignals: {MaxUnreadSignals} is less than 1.");
        }

        if (Introduction is not null && IsGuest)
        {
            throw new ArgumentException("Introduction: a guest has no place in the network to introduce others to.");
        }

        if (Introduction is { Address: { Length: > 0 } address } && !NodeMemory.IsSeed(address))
        {
            throw new ArgumentException($"Introduction: '{address}' is no address for others; it begins with ws:// or wss:// and has at most {Messages.Admitted.MaxSeedLength} characters.");
        }

        if (StartTimeout <= TimeSpan.Zero)
        {
            throw new ArgumentException($"StartTimeout: {StartTimeout} is not positive.");
        }

        IEnumerable<string> nested =
        [
            .. Channels.Errors().Select(static error => "Channels." + error),
            .. Telemetry.Errors().Select(static error => "Telemetry." + error),
            .. Protocol.Errors().Select(static error => "Protocol." + error),
        ];
        if (nested.FirstOrDefault() is { } first)
        {
            throw new ArgumentException(first);
        }
    }
}
