using System.Net;
using System.Text;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Links;
using Overlay.Runtime.Security;
using Overlay.Runtime.Sockets;
using Overlay.WebRtc;
using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Stun;

namespace Overlay.Runtime.Tests.Links;

/// <summary>One socket, many connections: whose is a datagram?</summary>
public sealed class LinkManagerTests : IDisposable
{
    private static readonly WebRtc.Instant Now = new(1);
    private static readonly PathId Path = new(0);
    private static readonly TransportAddress Here = TransportAddress.FromIPv4(0x7F000001, 40_001);
    private static readonly TransportAddress There = TransportAddress.FromIPv4(0x7F000001, 40_002);

    private readonly UdpPath _path = UdpPath.Bind(Path, new IPEndPoint(IPAddress.Loopback, 0), static () => { });
    private readonly DtlsCertificate _certificate = DtlsCertificate.Create(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    private readonly ConnectionTable _table = new();
    private readonly LinkManager _links;

    public LinkManagerTests() => _links = new LinkManager(_table, [_path], _certificate, new SystemSecrets());

    public void Dispose()
    {
        _table.Clear();
        _certificate.Dispose();
        _path.Dispose();
    }

    [Fact]
    public void A_check_finds_its_connection_by_the_user_fragment()
    {
        var first = Open(1);
        var second = Open(2);

        Assert.Same(first, Route(Here, Check(first)));
        Assert.Same(second, Route(There, Check(second)));
    }

    [Fact]
    public void What_follows_from_the_same_address_finds_it_by_the_address()
    {
        var link = Open(1);
        Assert.Null(Route(Here, Dtls));

        Route(Here, Check(link));

        Assert.Same(link, Route(Here, Dtls));
        Assert.Null(Route(There, Dtls));
    }

    [Fact]
    public void The_same_address_on_another_path_is_another_address()
    {
        var link = Open(1);
        Route(Here, Check(link));

        var isRouted = _table.TryRoute(new PathId(1), Here, Dtls, out _);

        Assert.False(isRouted);
    }

    // A peer that restarts behind the same address: its new connection's checks take the address over.
    [Fact]
    public void The_user_fragment_wins_over_the_address()
    {
        var old = Open(1);
        var renewed = Open(2);
        Route(Here, Check(old));

        var routed = Route(Here, Check(renewed));

        Assert.Same(renewed, routed);
        Assert.Same(renewed, Route(Here, Dtls));
    }

    [Fact]
    public void A_link_that_is_removed_gets_nothing_and_takes_nothing_from_others()
    {
        var old = Open(1);
        var renewed = Open(2);
        Route(Here, Check(old));
        Route(There, Check(old));
        Route(Here, Check(renewed));
        var lateCheck = Check(old);

        _links.Remove(old);

        Assert.Same(renewed, Route(Here, Dtls));
        Assert.Null(Route(There, Dtls));
        Assert.Null(Route(There, lateCheck));
        Assert.False(_links.TryGet(old.Id, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nobody")]
    [InlineData("a-user-fragment-much-longer-than-any-that-this-side-ever-gave-to-one-of-its-connections-0123456789")]
    public void A_check_for_nobody_is_nobodys(string ufrag)
    {
        Open(1);

        Assert.Null(Route(Here, Check(ufrag)));
    }

    [Fact]
    public void Noise_is_nobodys()
    {
        var link = Open(1);
        var check = Check(link);
        var random = new Random(3);
        for (var length = 0; length < check.Length; length++)
        {
            Assert.Null(Route(There, check.AsSpan(0, length).ToArray()));
        }

        for (var i = 0; i < 10_000; i++)
        {
            var noise = new byte[random.Next(0, 200)];
            random.NextBytes(noise);
            Assert.Null(Route(There, noise));
        }
    }

    [Fact]
    public void An_offer_with_a_malformed_fingerprint_opens_nothing()
    {
        var remote = new LinkDescription([1, 2, 3], "abcd", "0123456789012345678901", [], []);

        var isOpen = _links.TryOpen(Now, new LinkId(1), RingId.From(1), remote, out var link);

        Assert.False(isOpen);
        Assert.Null(link);
        Assert.Empty(_links.Links);
    }

    [Fact]
    public void Candidates_that_cannot_be_read_are_left_out()
    {
        var link = Open(1);

        _links.AddCandidates(Now, link.Id, ["nonsense", "", "candidate:1 1 udp 2113937151 192.0.2.1 54400 typ host", new string('x', 300)]);
        _links.AddCandidates(Now, new LinkId(99), ["nonsense"]);

        Assert.True(_links.TryGet(link.Id, out _));
    }

    private static readonly byte[] Dtls = [22, 254, 253, 0, 0];

    private static byte[] Check(PeerLink link) => Check(link.Connection.LocalUfrag);

    /// <summary>A binding request as ICE sends it: username "receiver's fragment:sender's fragment".</summary>
    private static byte[] Check(string ufrag)
    {
        var buffer = new byte[512];
        var writer = new StunWriter(buffer, new StunHeader(StunClass.Request, StunHeader.Binding, StunTransactionId.Read([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])));
        writer.AddUsername(Encoding.ASCII.GetBytes(ufrag + ":peer"));
        return buffer[..writer.Finish()];
    }

    private PeerLink Open(int id)
    {
        Assert.True(_links.TryOpen(Now, new LinkId(id), RingId.From((ulong)id), remote: null, out var link));
        return link;
    }

    private PeerLink? Route(TransportAddress from, byte[] datagram) => _table.TryRoute(Path, from, datagram, out var link) ? (PeerLink)link : null;
}
