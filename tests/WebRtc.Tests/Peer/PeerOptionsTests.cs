using Overlay.WebRtc.Dtls;
using Overlay.WebRtc.Peer;

namespace Overlay.WebRtc.Tests.Peer;

public sealed class PeerOptionsTests
{
    [Fact]
    public void Defaults_suit_our_own_nodes()
    {
        var options = new PeerOptions { Role = PeerRole.Offerer };

        options.Validate();
        Assert.Equal(TimeSpan.FromSeconds(5), options.CheckTimeout);
        Assert.Equal(TimeSpan.FromSeconds(5), options.DtlsTimeout);
        Assert.Equal(TimeSpan.FromSeconds(3), options.SctpTimeout);
        Assert.Equal(TimeSpan.FromSeconds(5), options.ConsentPeriod);
        Assert.Equal(TimeSpan.FromSeconds(30), options.ConsentTimeout);
        Assert.True(options.ExchangeSctpInit);
        Assert.Equal(262_144, options.MaxMessageSize);
        Assert.Equal(1 << 20, options.MaxBufferedBytes);
        Assert.Equal(1 << 20, options.ReceiveWindowBytes);
        Assert.Equal(1024, options.MaxChannels);
    }

    [Fact]
    public void Foreign_peers_get_more_time_and_larger_buffers()
    {
        var options = PeerOptions.Foreign(PeerRole.Answerer);

        options.Validate();
        Assert.Equal(TimeSpan.FromSeconds(30), options.CheckTimeout);
        Assert.Equal(TimeSpan.FromSeconds(15), options.DtlsTimeout);
        Assert.Equal(TimeSpan.FromSeconds(15), options.SctpTimeout);
        Assert.Equal(TimeSpan.FromSeconds(2.5), options.ConsentPeriod);
        Assert.False(options.ExchangeSctpInit);
        Assert.Equal(16 << 20, options.MaxBufferedBytes);
        Assert.Equal(5 << 20, options.ReceiveWindowBytes);
    }

    [Fact]
    public void Options_that_cannot_work_together_are_refused()
    {
        var options = new PeerOptions { Role = PeerRole.Offerer };

        Assert.Throws<ArgumentOutOfRangeException>((options with { ReceiveWindowBytes = 300_000 }).Validate);
        Assert.Throws<ArgumentOutOfRangeException>((options with { ConsentTimeout = TimeSpan.FromSeconds(9) }).Validate);
        Assert.Throws<ArgumentOutOfRangeException>((options with { SctpTimeout = TimeSpan.Zero }).Validate);
        Assert.Throws<ArgumentOutOfRangeException>((options with { MaxChannels = 0 }).Validate);
    }

    [Fact]
    public void Defaults_of_dtls_begin_to_repeat_at_50_ms()
    {
        var options = new DtlsOptions();

        options.Validate();
        Assert.Equal(1200, options.PacketSize);
        Assert.Equal(TimeSpan.FromMilliseconds(50), options.RetransmissionTimeout);
        Assert.Equal(TimeSpan.FromSeconds(3), options.MaxRetransmissionTimeout);
        Assert.Equal(TimeSpan.FromSeconds(5), options.HandshakeTimeout);
        Assert.Throws<ArgumentOutOfRangeException>((options with { PacketSize = 255 }).Validate);
    }
}
