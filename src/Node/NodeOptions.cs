using System.Net;
using Microsoft.Extensions.Logging;
using Overlay.Messages;
using Overlay.Nodes.Hubs;
using Overlay.Nodes.Media;
using Overlay.Nodes.Network;
using Overlay.Runtime;
using Overlay.Runtime.Channels;
using Overlay.Runtime.Hubs;
using Overlay.Runtime.Sockets;
using Overlay.Runtime.Telemetry;

namespace Overlay.Nodes;

/// <summary>The options of a <see cref="Node"/>; can be bound from configuration.</summary>
public sealed class NodeOptions
{
    /// <summary>The hubs of the network, <c>ws://</c> or <c>wss://</c>, tried in turn.</summary>
    /// <value>Default empty: the hub inside this process, shared by all its nodes.</value>
    /// <remarks>Hubs are needed to be introduced, and for nothing else: a member goes on without them.</remarks>
    public IList<Uri> Hubs { get; init; } = [];

    /// <summary>The name to register in the network.</summary>
    /// <value>Default null: none. 1 … 63 letters, digits, <c>-</c>, <c>_</c> or <c>.</c>, not 12 hexadecimal digits.</value>
    public string? Name { get; set; }

    /// <summary>The directory of the node's key and memory; a node that keeps it keeps its id.</summary>
    /// <value>Default null: a new identity for each start.</value>
    public string? DataDirectory { get; set; }

    /// <summary>The local address to bind, or a subnet such as <c>10.0.0.0/8</c>, of which the first address of this machine is taken.</summary>
    /// <value>Default null: every address that others may reach, and loopback too where all hubs are on loopback.</value>
    public string? Listen { get; set; }

    /// <summary>The UDP port.</summary>
    /// <value>Default 0: any two free ones. 0 … 65,534: channels take the port after it.</value>
    public int Port { get; set; }

    /// <summary>Where others reach this node, such as <c>203.0.113.5:4100</c>, if not where it listens: the outer side of a forwarded port, of a container's port, of a one-to-one translation.</summary>
    /// <value>Default null: where it listens. The port after it must lead to the one after <see cref="Port"/>. Needs <see cref="Listen"/> and <see cref="Port"/>.</value>
    public string? Advertise { get; set; }

    /// <summary>Which ways this node's sockets, streams and requests take, and what it passes on for those of others.</summary>
    public PeerChannelOptions Channels { get; set; } = new();

    /// <summary>Send through a gateway only, without taking a place in the ring.</summary>
    /// <value>Default false.</value>
    public bool IsGuest { get; set; }

    /// <summary>The join token for a hub that asks for one.</summary>
    /// <value>Default empty.</value>
    public string Token { get; set; } = "";

    /// <summary>The secret of the hub's tree, by which this node becomes its root: at the beginning, or in place of the root that there is.</summary>
    /// <value>Default empty: it does not. Only with <see cref="Topology.Tree"/>, and not for guests.</value>
    public string RootSecret { get; set; } = "";

    /// <summary>The endpoint at which this node introduces others, whether hubs live or not: it is a seed then.</summary>
    /// <value>Default null: it introduces nobody. Not for guests. With <see cref="DataDirectory"/>, the right to do so outlives a restart.</value>
    public IIntroduction? Introduction { get; set; }

    /// <summary>How long starting may take.</summary>
    /// <value>Default 60 s; more than zero.</value>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Seeds what decides schedules (not secrets), for runs that are to resemble each other.</summary>
    /// <value>Default null: drawn.</value>
    public ulong? Seed { get; set; }

    /// <summary>The protocol's tunables.</summary>
    public OverlayOptions Protocol { get; set; } = OverlayOptions.Default;

    /// <summary>Waits and limits of the node's ports.</summary>
    public NetworkOptions Network { get; set; } = new();

    /// <summary>Where names are registered and looked up.</summary>
    /// <value>Default null: in the overlay itself. Another one belongs to whoever gives it, who also disposes of it.</value>
    public IHub? Hub { get; set; }

    /// <summary>What makes and carries media streams.</summary>
    /// <value>Default null: nothing. It belongs to whoever gives it, who also disposes of it.</value>
    public INodeMedia? Media { get; set; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>What the node tells of itself, and what it does for traces of others.</summary>
    public TelemetryOptions Telemetry { get; set; } = new();

    /// <summary>Takes the node's spans and metrics somewhere.</summary>
    /// <value>Default null: nowhere, unless the program listens to <see cref="OverlayTelemetry.Name"/> itself.</value>
    public INodeExport? Export { get; set; }

    /// <summary>Hears every observation, on the node's loop: must be quick and must not throw.</summary>
    public Action<NodeObservation>? OnObserved { get; set; }

    /// <summary>Every reason why these options cannot work, each naming the key; empty where they can.</summary>
    public IEnumerable<string> Errors()
    {
        foreach (var hub in Hubs)
        {
            if (hub is { IsAbsoluteUri: true, UserInfo.Length: > 0 })
            {
                yield return $"Hubs: the address of {hub.Host} has a user name or a password in it, which hubs do not take and logs would show; a hub that asks for a token is given Token.";
            }
            else if (!hub.IsAbsoluteUri || hub.Scheme is not ("ws" or "wss"))
            {
                yield return $"Hubs: '{hub}' is not a hub's address; it begins with ws:// or wss://.";
            }
        }

        if (Name is not null && !NodeNames.IsName(Name))
        {
            yield return $"Name: '{Name}' is no name: 1 … {NameRecord.MaxNameLength} letters, digits, '-', '_' or '.', and not 12 hexadecimal digits.";
        }

        foreach (var error in AddressErrors())
        {
            yield return error;
        }

        foreach (var error in Channels.Errors())
        {
            yield return $"Channels.{error}";
        }

        if (Introduction is not null && IsGuest)
        {
            yield return "Introduction: a guest (IsGuest) has no place in the network to introduce others to.";
        }

        if (RootSecret.Length > 0 && (IsGuest || Protocol.Topology != Topology.Tree))
        {
            yield return IsGuest ? "RootSecret: a guest (IsGuest) has no place in the tree." : "RootSecret: only a tree has a root. Set Protocol.Topology to Tree.";
        }

        if (StartTimeout <= TimeSpan.Zero)
        {
            yield return $"StartTimeout: {StartTimeout} is not more than zero.";
        }

        foreach (var error in Telemetry.Errors())
        {
            yield return $"Telemetry.{error}";
        }

        foreach (var error in Protocol.Errors())
        {
            yield return $"Protocol.{error}";
        }

        foreach (var error in Network.Errors())
        {
            yield return $"Network.{error}";
        }
    }

    private IEnumerable<string> AddressErrors()
    {
        if (Listen is not null && !LocalAddress.IsWellFormed(Listen))
        {
            yield return $"Listen: '{Listen}' is no IP address, and no subnet such as 10.0.0.0/8.";
        }

        if (Port is < 0 or >= ushort.MaxValue)
        {
            yield return $"Port: {Port} is not in 0 … 65534 (the port after it is taken too).";
        }

        if (Advertise is not null && (!IPEndPoint.TryParse(Advertise, out var outside) || outside.Port is 0 or ushort.MaxValue))
        {
            yield return $"Advertise: '{Advertise}' is no address with a port of 1 … 65534, such as 203.0.113.5:4100.";
        }
        else if (Advertise is not null && (Listen is null || Port == 0))
        {
            yield return "Advertise: it stands for one address and port of this node. Set Listen and Port too.";
        }
    }

    internal RuntimeOptions ToRuntime(ILoggerFactory loggers)
    {
        var hubs = new List<IHubConnector>();
        foreach (var hub in Hubs)
        {
            hubs.Add(new WebSocketHub(hub, TimeProvider));
        }

        var isLocal = Hubs.All(static hub => hub.IsLoopback);
        if (hubs.Count == 0)
        {
            hubs.Add(InProcessHub.Shared);
        }

        return new RuntimeOptions
        {
            Hubs = hubs,
            Protocol = Protocol,
            DataDirectory = DataDirectory,
            ListenAddresses = Listen is not null ? [LocalAddress.Parse(Listen)] : Hubs.Count == 0 ? [IPAddress.Loopback] : [],
            WithLoopback = isLocal,
            Port = Port,
            Advertised = Advertise is null ? null : IPEndPoint.Parse(Advertise),
            IsGuest = IsGuest,
            Token = Token,
            RootSecret = RootSecret,
            Introduction = Introduction,
            Channels = Channels,
            StartTimeout = StartTimeout,
            Seed = Seed,
            TimeProvider = TimeProvider,
            LoggerFactory = loggers,
            Telemetry = Telemetry,
            Export = Export,
            OnObserved = OnObserved,
        };
    }
}
