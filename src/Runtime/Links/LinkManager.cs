using System.Diagnostics.CodeAnalysis;
using Overlay.Channels;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Sockets;
using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Ice;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Links;

/// <summary>The connections under the node's links: made for its effects, by its names for them.</summary>
internal sealed class LinkManager(ConnectionTable table, IReadOnlyList<UdpPath> paths, DtlsCertificate certificate, WebRtc.ISecrets secrets)
{
    /// <summary>Bytes of UDP payload on every local path.</summary>
    public const int PacketBytes = 1200;

    private const int MaxBufferedBytes = 4 << 20;
    private const int MaxRelays = 6;

    /// <summary>An SCTP packet of 984 bytes and what DTLS adds: so that a channel's datagram, relayed over a relayed link, takes two packets and not three.</summary>
    private const int RelayedPacketBytes = 984 + DtlsEndpoint.MaxOverhead;

    /// <summary>What the relay channel holds back for the others: everything else of the link goes first.</summary>
    private const int RelayPriority = 128;

    /// <summary>The path of datagrams that a neighbour of both ends passes on. No socket has this number.</summary>
    public static readonly WebRtc.PathId RelayedPath = new(int.MaxValue - 1);

    private static readonly TimeSpan OwnConsentTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Shorter than the phase that the node allows, so that there is time for the relayed way.</summary>
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(4);

    private readonly Dictionary<LinkId, PeerLink> _links = [];
    private readonly Dictionary<ulong, PeerLink> _byName = [];
    private readonly List<PeerLink> _relays = [];

    /// <summary>The links there are.</summary>
    public Dictionary<LinkId, PeerLink>.ValueCollection Links => _links.Values;

    /// <summary>Starts a connection. As answerer (<paramref name="remote"/> given) false where the offer cannot be used.</summary>
    public bool TryOpen(WebRtc.Instant now, LinkId id, RingId peer, LinkDescription? remote, [NotNullWhen(true)] out PeerLink? link)
    {
        link = null;
        var isOfferer = remote is null;
        PeerDescription? description = null;
        if (remote is not null && !Descriptions.TryToStack(remote, isOffer: true, Message.MaxBytes, out description))
        {
            return false;
        }

        var options = new PeerOptions
        {
            Role = isOfferer ? PeerRole.Offerer : PeerRole.Answerer,
            MaxMessageSize = Message.MaxBytes,
            MaxBufferedBytes = MaxBufferedBytes,
            ConsentTimeout = OwnConsentTimeout,
            CheckTimeout = CheckTimeout,
            Overlay = new OverlayPath(RelayedPath, RelayedPacketBytes) { IsLastResort = true },
        };
        var connection = new PeerConnection(options, certificate, secrets);
        foreach (var path in paths)
        {
            connection.AddLocalCandidate(path.Id, path.Advertised, PacketBytes);
        }

        var overlay = connection.CreateChannel(now, new() { Label = "overlay", Negotiated = true, StreamId = PeerLink.OverlayStream });
        var relay = connection.CreateChannel(
            now,
            new() { Label = "relay", Negotiated = true, StreamId = PeerLink.RelayStream, Ordered = false, MaxRetransmits = 0, Priority = RelayPriority });
        link = new PeerLink(id, peer, connection, overlay, relay);
        _links[id] = link;
        _byName[RelayHeader.NameOf(connection.LocalUfrag)] = link;
        if (description is not null)
        {
            link.NameThere = RelayHeader.NameOf(description.Ufrag);
            connection.SetRemoteDescription(now, description);
        }

        table.Add(link);
        return true;
    }

    /// <summary>Hands the answer to the offerer's connection; false where it cannot be used.</summary>
    public bool TryAccept(WebRtc.Instant now, LinkId id, LinkDescription remote)
    {
        if (!_links.TryGetValue(id, out var link) || !Descriptions.TryToStack(remote, isOffer: false, Message.MaxBytes, out var description))
        {
            return false;
        }

        link.NameThere = RelayHeader.NameOf(description.Ufrag);
        link.Connection.SetRemoteDescription(now, description);
        table.MarkDirty(link);
        return true;
    }

    /// <summary>Adds late candidates of the other side.</summary>
    public void AddCandidates(WebRtc.Instant now, LinkId id, IReadOnlyList<string> lines)
    {
        if (_links.TryGetValue(id, out var link))
        {
            Descriptions.AddCandidates(now, link.Connection, lines);
            table.MarkDirty(link);
        }
    }

    public bool TryGet(LinkId id, [NotNullWhen(true)] out PeerLink? link) => _links.TryGetValue(id, out link);

    /// <summary>The link that a relayed datagram names.</summary>
    public bool TryGet(ulong name, RingId peer, [NotNullWhen(true)] out PeerLink? link) => _byName.TryGetValue(name, out link) && link.Peer == peer;

    /// <summary>The direct link to a neighbour.</summary>
    public bool TryGetDirect(RingId peer, [NotNullWhen(true)] out PeerLink? link)
    {
        foreach (var candidate in _links.Values)
        {
            if (candidate.Peer == peer && candidate.IsDirect)
            {
                link = candidate;
                return true;
            }
        }

        link = null;
        return false;
    }

    /// <summary>
    /// The neighbour that is to pass on what goes to <paramref name="link"/>'s other end: the one that did before; else, in turn, the <see cref="MaxRelays"/> direct ones that are
    /// nearest to that end, since a neighbour on the ring has a link to it most likely.
    /// </summary>
    public bool TryGetRelay(PeerLink link, [NotNullWhen(true)] out PeerLink? relay)
    {
        relay = link.RelayedBy;
        if (relay is { IsDirect: true })
        {
            return true;
        }

        _relays.Clear();
        foreach (var candidate in _links.Values)
        {
            if (candidate.IsDirect && candidate.Peer != link.Peer)
            {
                _relays.Add(candidate);
            }
        }

        _relays.Sort((one, other) => one.Peer.DistanceTo(link.Peer).CompareTo(other.Peer.DistanceTo(link.Peer)));
        relay = _relays.Count == 0 ? null : _relays[link.RelayTry++ % Math.Min(MaxRelays, _relays.Count)];
        return relay is not null;
    }

    /// <summary>Whether the other sides have acknowledged everything that was sent over open links.</summary>
    public bool AreFlushed()
    {
        foreach (var link in _links.Values)
        {
            if (link.IsReady && link.Connection.TakeUnacknowledged(link.Overlay).Count > 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Forgets a link. What its connection still has to send must have been drained.</summary>
    public void Remove(PeerLink link)
    {
        _links.Remove(link.Id);
        _byName.Remove(RelayHeader.NameOf(link.Connection.LocalUfrag));
        table.Remove(link);
    }
}
