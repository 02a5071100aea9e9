using System.Text;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Peers;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests.Node;

/// <summary>The mesh of peers over whole nodes: who becomes one, who stays one, and the streams between them.</summary>
public sealed class PeerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Twenty_nodes_with_one_seed_have_between_three_and_five_peers_within_a_minute_and_never_more_and_all_hang_together(ulong seed)
    {
        var network = new TestNetwork { Seed = seed }.Settle(20);
        network.StopHub();
        StartAll(network, new PeersOptions { Seeds = [network.Nodes[0].Id] });

        for (var second = 0; second < 60; second++)
        {
            network.Run(TimeSpan.FromSeconds(1));
            Assert.All(network.Nodes, node => Assert.InRange(node.Node.PeerCount, 0, 5));
        }

        Assert.All(network.Nodes, node => Assert.InRange(node.Node.PeerCount, 3, 5));
        Assert.All(network.Nodes, node => Assert.All(PeersOf(node), peer => Assert.Contains(node.Id, PeersOf(Find(network, peer)))));
        Assert.Equal(20, Reached(network, network.Nodes[0]).Count);
    }

    [Fact]
    public void Without_seeds_members_at_random_are_asked()
    {
        var network = new TestNetwork().Settle(20);
        StartAll(network, PeersOptions.Default);

        network.RunUntil(() => network.Nodes.TrueForAll(node => node.Node.PeerCount >= 3), Limit);

        Assert.All(network.Nodes, node => Assert.InRange(node.Node.PeerCount, 3, 5));
        Assert.All(network.Nodes, node => Assert.Single(node.PeerEvents, happened => happened.Kind == MeshEventKind.Connected));
    }

    [Fact]
    public void With_enough_peers_a_coin_decides_and_without_room_nobody_is_taken()
    {
        var port = new RecordingPort();
        var mesh = new PeerMesh(TestMoment, new PeersOptions { MinPeers = 1, MaxPeers = 3 }, port, new Prng(7));
        Befriend(mesh, port, 1);
        port.Sent.Clear();

        for (var i = 0; i < 10_000; i++)
        {
            mesh.Receive(TestMoment + TimeSpan.FromSeconds(11 * i), World.Contact(100UL + (ulong)(i % 50)), new PeerRequest((ulong)i + 50, World.Contact(100UL + (ulong)(i % 50)).Id, 0, false));
            mesh.Advance(TestMoment + TimeSpan.FromSeconds((11 * i) + 10.5)); // The place that was kept is free again.
            Keep(mesh, port, i);
        }

        Assert.InRange(port.Sent.Count(sent => sent.Payload is PeerOffer), 4_800, 5_200);

        Befriend(mesh, port, 2);
        Befriend(mesh, port, 3);
        port.Sent.Clear();
        mesh.Receive(TestMoment + TimeSpan.FromSeconds(120_000), World.Contact(9), new PeerRequest(1, World.Contact(9).Id, 0, IsDirect: true));
        Assert.Equal(PeerEnd.Full, Assert.IsType<PeerClose>(Assert.Single(port.Sent).Payload).Why);
    }

    [Fact]
    public void A_thousand_messages_arrive_in_order_each_way_though_a_tenth_is_lost()
    {
        var network = new TestNetwork { IsSealed = true, Jitter = TimeSpan.FromMilliseconds(15) }.Settle(12);
        var (a, b) = FarApart(network);
        StartAll(network, PeersOptions.Default);
        Add(network, a, b);
        var prng = new Prng(3);
        network.Loses = (_, _, message) => message.Kind is MessageKind.PeerBytes or MessageKind.PeerReceived && prng.Chance(1, 10);

        for (var i = 0; i < 1000; i++)
        {
            Write(a, b.Id, $"there {i}\n");
            Write(b, a.Id, $"back {i}\n");
        }

        Write(a, b.Id, "", isLast: true);
        network.RunUntil(() => b.PeerEvents.Exists(one => one.Kind == MeshEventKind.StreamEnded), TimeSpan.FromMinutes(20));
        network.RunUntil(() => Text(a, b.Id).EndsWith("back 999\n", StringComparison.Ordinal), TimeSpan.FromMinutes(20));

        Assert.Equal(string.Concat(Enumerable.Range(0, 1000).Select(i => $"there {i}\n")), Text(b, a.Id));
        Assert.Equal(string.Concat(Enumerable.Range(0, 1000).Select(i => $"back {i}\n")), Text(a, b.Id));
    }

    [Fact]
    public void A_megabyte_arrives_whole_though_every_fifth_piece_and_answer_is_lost()
    {
        var network = new TestNetwork().Settle(6);
        var (a, b) = (network.Nodes[0], network.Nodes[3]);
        StartAll(network, PeersOptions.Default);
        Add(network, a, b);
        var block = new byte[1 << 20];
        new Random(5).NextBytes(block);
        var prng = new Prng(3);
        network.Loses = (_, _, message) => message.Kind is MessageKind.PeerBytes or MessageKind.PeerReceived && prng.Chance(1, 5);

        a.Step((node, now, outbox) => node.WriteToPeer(now, b.Id, block, isLast: true, outbox));
        network.RunUntil(() => b.PeerEvents.Exists(one => one.Kind == MeshEventKind.StreamEnded), TimeSpan.FromMinutes(20));

        Assert.Equal(block, b.PeerStreams[a.Id].ToArray());
    }

    [Fact]
    public void Whoever_does_not_read_holds_the_writer_back_and_goes_on_where_it_stopped()
    {
        var network = new TestNetwork().Settle(6);
        var (a, b) = (network.Nodes[0], network.Nodes[3]);
        StartAll(network, PeersOptions.Default);
        Add(network, a, b);
        b.ReadsPeers = false;
        var block = new byte[1 << 20];
        new Random(5).NextBytes(block);

        var writing = a.Step((node, now, outbox) => node.WriteToPeer(now, b.Id, block, isLast: false, outbox));
        network.Run(TimeSpan.FromMinutes(3));

        Assert.False(a.Endings.ContainsKey(writing));
        Assert.Equal(256 * 1024, b.PeerStreams[a.Id].Length);
        Assert.Contains(b.Id, PeersOf(a)); // Slow is not dead.

        b.ReadsPeers = true;
        b.Step((node, now, outbox) => node.ReadFromPeer(now, a.Id, 256 * 1024, outbox));
        network.RunUntil(() => b.PeerStreams[a.Id].Length == block.Length, Limit);
        Assert.Equal(Outcome.Done, a.Endings[writing].Outcome);
        Assert.Equal(block, b.PeerStreams[a.Id].ToArray());
    }

    [Fact]
    public void A_peer_that_dies_is_missed_and_replaced_and_what_was_written_to_it_fails()
    {
        var network = new TestNetwork().Settle(16);
        StartAll(network, PeersOptions.Default);
        network.RunUntil(() => network.Nodes.TrueForAll(node => node.Node.PeerCount >= 3), Limit);
        var victim = network.Nodes[4];
        var friends = network.Nodes.Where(node => PeersOf(node).Contains(victim.Id)).ToArray();
        network.Kill(victim);
        var writing = friends[0].Step((node, now, outbox) => node.WriteToPeer(now, victim.Id, new byte[1 << 20], isLast: false, outbox));

        network.RunUntil(() => friends.All(node => !PeersOf(node).Contains(victim.Id)), TimeSpan.FromSeconds(15));
        network.RunUntil(() => network.Living.All(node => node.Node.PeerCount >= 3), Limit);

        Assert.All(friends, node => Assert.Single(node.PeerEvents, one => one.Kind == MeshEventKind.Removed && one.Peer == victim.Id && one.Why == PeerEnd.Silent));
        Assert.Equal(Outcome.Unreachable, friends[0].Endings[writing].Outcome);
    }

    [Fact]
    public void The_last_peer_that_stops_is_one_disconnect_and_a_new_one_is_found_within_a_round()
    {
        var network = new TestNetwork().Settle(3);
        var (a, b, c) = (network.Nodes[0], network.Nodes[1], network.Nodes[2]);
        var options = new PeersOptions { MinPeers = 1, MaxPeers = 1, Seeds = [b.Id, c.Id] };
        Start(b, new PeersOptions { MinPeers = 1, MaxPeers = 1 });
        Start(a, options);
        network.RunUntil(() => PeersOf(a).Contains(b.Id), Limit);
        Start(c, new PeersOptions { MinPeers = 1, MaxPeers = 1 });

        b.Step((node, now, outbox) => node.StopPeers(now, outbox));
        network.RunUntil(() => PeersOf(a).Contains(c.Id), TimeSpan.FromSeconds(11));

        Assert.Single(a.PeerEvents, one => one.Kind == MeshEventKind.Disconnected);
        Assert.Equal(2, a.PeerEvents.Count(one => one.Kind == MeshEventKind.Connected));
        Assert.Single(a.PeerEvents, one => one.Kind == MeshEventKind.Removed && one.Why == PeerEnd.Stopped);
    }

    [Fact]
    public void A_split_from_the_seed_is_told_once_and_so_is_its_end()
    {
        var network = new TestNetwork().Settle(12);
        var (seed, node) = FarApart(network);
        StartAll(network, new PeersOptions { Seeds = [seed.Id] });
        network.RunUntil(() => node.Node.PeerCount >= 3, Limit);
        network.Run(TimeSpan.FromSeconds(20));
        Assert.DoesNotContain(node.PeerEvents, one => one.Kind == MeshEventKind.Netsplit);

        network.Loses = (_, _, message) => (message.Source == seed.Id && message.Destination == node.Id) || (message.Source == node.Id && message.Destination == seed.Id);
        network.RunUntil(() => node.PeerEvents.Exists(one => one.Kind == MeshEventKind.Netsplit), TimeSpan.FromSeconds(25)); // Of a peer the silence is noticed first.
        network.Run(TimeSpan.FromSeconds(40));
        network.Loses = (_, _, _) => false;
        network.RunUntil(() => node.PeerEvents.Exists(one => one.Kind == MeshEventKind.NetsplitResolved), TimeSpan.FromSeconds(15));

        Assert.Single(node.PeerEvents, one => one.Kind == MeshEventKind.Netsplit);
        Assert.Single(node.PeerEvents, one => one.Kind == MeshEventKind.NetsplitResolved);
    }

    [Fact]
    public void Whoever_wants_no_peers_or_has_too_many_says_so_at_once()
    {
        var network = new TestNetwork().Settle(4);
        var (a, b, c) = (network.Nodes[0], network.Nodes[1], network.Nodes[2]);
        Start(a, PeersOptions.Default);

        Assert.Equal(Outcome.Refused, Add(network, a, b)); // It wants none.
        Assert.Equal(Outcome.NotJoined, Add(network, b, a));

        Start(b, new PeersOptions { MinPeers = 1, MaxPeers = 1 });
        Assert.Equal(Outcome.Done, Add(network, a, b));
        Assert.Equal(Outcome.Done, Add(network, a, b)); // Once more changes nothing.
        Start(c, PeersOptions.Default);
        Assert.Equal(Outcome.Refused, Add(network, c, b));
        Assert.Equal(Outcome.Refused, Add(network, c, c));
        Assert.Single(PeersOf(b));
    }

    [Fact]
    public void A_peer_that_was_restarted_is_a_new_one()
    {
        var port = new RecordingPort();
        var mesh = new PeerMesh(TestMoment, PeersOptions.Default, port, new Prng(7));
        Befriend(mesh, port, 1);

        mesh.Receive(TestMoment, World.Contact(1) with { Instance = World.Contact(1).Instance + 1 }, new PeerPing(5, 1));

        Assert.Equal(0, mesh.Count);
        Assert.IsType<PeerClose>(port.Sent[^1].Payload);
    }

    [Theory]
    [InlineData(0, 5, "MinPeers: 0")]
    [InlineData(6, 5, "MinPeers: 6")]
    [InlineData(1, 65, "MaxPeers: 65")]
    public void Options_that_cannot_work_are_named(int min, int max, string named)
    {
        var network = new TestNetwork().Settle(1);

        var refused = Assert.Throws<ArgumentException>(() => Start(network.Nodes[0], new PeersOptions { MinPeers = min, MaxPeers = max }));

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    private static Instant TestMoment => Tests.World.At(0);

    private static readonly Tests.World World = new();

    private static void StartAll(TestNetwork network, PeersOptions options)
    {
        foreach (var node in network.Nodes)
        {
            Start(node, options);
        }
    }

    private static void Start(TestNode node, PeersOptions options)
    {
        var request = node.Step((one, now, outbox) => one.StartPeers(now, options, outbox));
        Assert.Equal(Outcome.Done, node.Endings[request].Outcome);
    }

    private static Outcome Add(TestNetwork network, TestNode from, TestNode to)
    {
        var request = from.Step((node, now, outbox) => node.AddPeer(now, to.Id, outbox));
        network.RunUntil(() => from.Endings.ContainsKey(request), Limit);
        network.Run(TimeSpan.FromSeconds(1)); // Until the other side knows.
        return from.Endings[request].Outcome;
    }

    private static void Write(TestNode from, RingId to, string text, bool isLast = false) =>
        from.Step((node, now, outbox) => node.WriteToPeer(now, to, Encoding.UTF8.GetBytes(text), isLast, outbox));

    private static string Text(TestNode node, RingId from) => node.PeerStreams.TryGetValue(from, out var stream) ? Encoding.UTF8.GetString(stream.ToArray()) : "";

    private static List<RingId> PeersOf(TestNode node)
    {
        var peers = new List<RingId>();
        node.Node.CopyPeers(peers);
        return peers;
    }

    private static TestNode Find(TestNetwork network, RingId id) => network.Nodes.First(node => node.Id == id);

    private static HashSet<RingId> Reached(TestNetwork network, TestNode from)
    {
        var (reached, open) = (new HashSet<RingId> { from.Id }, new Queue<RingId>([from.Id]));
        while (open.TryDequeue(out var id))
        {
            foreach (var peer in PeersOf(Find(network, id)).Where(reached.Add))
            {
                open.Enqueue(peer);
            }
        }

        return reached;
    }

    private static (TestNode From, TestNode To) FarApart(TestNetwork network) =>
        (from a in network.Nodes from b in network.Nodes where a != b && !a.Node.IsLinked(b.Id) select (a, b)).First();

    private static void Befriend(PeerMesh mesh, RecordingPort port, ulong index)
    {
        mesh.Add(TestMoment, default, World.Contact(index).Id);
        var request = (PeerRequest)port.Sent[^1].Payload;
        mesh.Receive(TestMoment, World.Contact(index), new PeerOffer(request.Nonce, MakesRoom: false));
        port.Sent.RemoveAll(sent => sent.Payload is PeerRequest or PeerAnswer);
    }

    /// <summary>The one peer goes on answering.</summary>
    private static void Keep(PeerMesh mesh, RecordingPort port, int round)
    {
        port.Sent.RemoveAll(sent => sent.Payload is PeerPing);
        mesh.Receive(TestMoment + TimeSpan.FromSeconds((11 * round) + 10.6), World.Contact(1), new PeerPong(1, 1));
    }

    private sealed class RecordingPort : IPeerPort
    {
        private ulong _nonce;

        public List<(RingId To, Payload Payload)> Sent { get; } = [];

        public RingId SelfId { get; } = RingId.From(1);

        public ulong NextNonce() => ++_nonce;

        public void Send(Instant now, RingId to, Payload payload) => Sent.Add((to, payload));

        public void SendToResponsible(Instant now, RingId key, Payload payload) => Sent.Add((key, payload));

        public void SendBytes(Instant now, in Contact to, PeerBytes bytes) => Sent.Add((to.Id, bytes));
    }
}
