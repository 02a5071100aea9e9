using Overlay.Nodes.Network;
using Overlay.Ring;
using Overlay.Runtime;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Tests.Network;

public sealed class MemoryChannelTests
{
    private static readonly PeerAddress One = PeerAddress.Member(RingId.From(1));
    private static readonly PeerAddress Two = PeerAddress.Member(RingId.From(2));

    [Fact]
    public async Task The_ends_know_each_other_and_the_label()
    {
        var (opener, acceptor) = MemoryChannel.CreatePair("80", One, Two);

        Assert.Equal(("80", Two, false), (opener.Label, opener.Remote, opener.IsIncoming));
        Assert.Equal(("80", One, true), (acceptor.Label, acceptor.Remote, acceptor.IsIncoming));
        await opener.DisposeAsync();
        Assert.True(acceptor.Closed.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Closing_delivers_what_was_sent_before()
    {
        var (opener, acceptor) = MemoryChannel.CreatePair("80", One, Two);
        await opener.SendAsync(new byte[] { 1 });
        await opener.SendAsync(ReadOnlyMemory<byte>.Empty);

        await opener.CloseAsync();

        Assert.Equal([1], (await acceptor.ReceiveAsync())!.Value.ToArray());
        Assert.True((await acceptor.ReceiveAsync())!.Value.IsEmpty);
        Assert.Null(await acceptor.ReceiveAsync());
        Assert.Equal(OverlayError.ChannelClosed, (await Assert.ThrowsAsync<OverlayException>(async () => await acceptor.SendAsync(new byte[1]))).Reason);
        Assert.Equal(OverlayError.ChannelClosed, (await Assert.ThrowsAsync<OverlayException>(async () => await opener.SendAsync(new byte[1]))).Reason);
    }

    [Fact]
    public async Task Breaking_off_is_heard_after_what_had_arrived()
    {
        var (opener, acceptor) = MemoryChannel.CreatePair("80", One, Two);
        await opener.SendAsync(new byte[] { 1 });

        opener.Abort();

        Assert.NotNull(await acceptor.ReceiveAsync());
        Assert.Equal(OverlayError.ChannelLost, (await Assert.ThrowsAsync<OverlayException>(async () => await acceptor.ReceiveAsync())).Reason);
        Assert.Equal(OverlayError.ChannelClosed, (await Assert.ThrowsAsync<OverlayException>(async () => await opener.ReceiveAsync())).Reason);
    }

    [Fact]
    public async Task A_sender_waits_for_room_and_for_no_more_than_that()
    {
        var (opener, acceptor) = MemoryChannel.CreatePair("80", One, Two, new MemoryChannelOptions { BufferBytes = 1_000 });
        await opener.SendAsync(new byte[500]);

        var second = opener.SendAsync(new byte[500]).AsTask();
        Assert.False(second.IsCompleted);
        using var impatience = new CancellationTokenSource();
        var third = opener.SendAsync(new byte[1], impatience.Token).AsTask();
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        await acceptor.ReceiveAsync();

        await Soon.Async(second);
        Assert.Equal(500, (await acceptor.ReceiveAsync())!.Value.Length);
    }

    [Fact]
    public async Task Many_small_messages_are_bounded_too()
    {
        var (opener, _) = MemoryChannel.CreatePair("80", One, Two, new MemoryChannelOptions { BufferBytes = 1_000 });
        var sent = 0;
        while (opener.SendAsync(ReadOnlyMemory<byte>.Empty).AsTask().IsCompletedSuccessfully)
        {
            sent++;
        }

        Assert.InRange(sent, 1, 20);
    }

    [Fact]
    public async Task A_message_arrives_after_its_delay_and_not_before()
    {
        var time = new ManualTime();
        var (opener, acceptor) = MemoryChannel.CreatePair("80", One, Two, new MemoryChannelOptions { Delay = TimeSpan.FromMilliseconds(50), TimeProvider = time });
        await opener.SendAsync(new byte[] { 1 });
        var receiving = acceptor.ReceiveAsync().AsTask();

        time.Advance(TimeSpan.FromMilliseconds(49));
        Assert.False(receiving.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.NotNull(await Soon.Async(receiving));
    }

    [Fact]
    public async Task A_message_over_the_limit_is_refused_at_the_sender()
    {
        var (opener, _) = MemoryChannel.CreatePair("80", One, Two, new MemoryChannelOptions { MaxMessageBytes = 10 });

        Assert.Equal(OverlayError.MessageTooLarge, (await Assert.ThrowsAsync<OverlayException>(async () => await opener.SendAsync(new byte[11]))).Reason);
        await opener.SendAsync(new byte[10]);
    }
}
