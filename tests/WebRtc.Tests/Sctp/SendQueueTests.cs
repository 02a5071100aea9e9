using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>Whose turn it is, and what is counted.</summary>
public sealed class SendQueueTests
{
    private readonly BufferPool _pool = new(1 << 20);

    [Fact]
    public void Streams_of_one_class_take_turns_message_by_message()
    {
        var queue = new SendQueue(_pool, 1 << 20);
        foreach (ushort stream in new ushort[] { 1, 1, 1, 2, 3, 3 })
        {
            Add(queue, stream);
        }

        Assert.Equal([1, 2, 3, 1, 3, 1], Drain(queue));
    }

    [Fact]
    public void A_message_is_cut_to_its_end_before_another_one_has_its_turn()
    {
        var queue = new SendQueue(_pool, 1 << 20);
        Add(queue, 1, bytes: 30);
        Add(queue, 2, bytes: 10);

        var first = queue.Current()!;
        queue.Cut(first, 10);
        Assert.Same(first, queue.Current());
        queue.Cut(first, 10);
        Assert.Same(first, queue.Current());
        queue.Cut(first, 10);

        Assert.Equal(2, queue.Current()!.Stream.Id);
    }

    [Fact]
    public void A_higher_class_goes_first_but_leaves_every_ninth_turn_to_the_lower()
    {
        var queue = new SendQueue(_pool, 1 << 20);
        queue.FindOrAdd(1).Priority = SctpPriority.High;
        queue.FindOrAdd(3).Priority = SctpPriority.Low;
        for (var i = 0; i < 100; i++)
        {
            Add(queue, 1);
            Add(queue, 2);
            Add(queue, 3);
        }

        var order = Drain(queue);

        Assert.Equal([1, 1, 1, 1, 1, 1, 1, 1, 2, 1], order.Take(10));
        Assert.Equal(300, order.Count);
        Assert.InRange(order.Take(100).Count(id => id == 2), 9, 11);
        Assert.InRange(order.Take(100).Count(id => id == 3), 1, 2);
    }

    [Fact]
    public void Numbers_are_given_when_a_message_is_begun_and_only_to_ordered_ones()
    {
        var queue = new SendQueue(_pool, 1 << 20);
        Add(queue, 1);
        Add(queue, 1, unordered: true);
        Add(queue, 1);
        Add(queue, 1);

        Take(queue);
        Take(queue);
        var dropped = queue.Current()!;
        queue.DropCurrent(dropped);
        queue.Release(dropped);
        var last = queue.Current()!;
        queue.Cut(last, 10);

        Assert.Equal(new Ssn(1), last.Ssn);
    }

    [Fact]
    public void Bytes_are_counted_from_acceptance_to_release()
    {
        var queue = new SendQueue(_pool, 1 << 20);
        Add(queue, 1, bytes: 100);
        Assert.Equal((100, 164, 1), (queue.BufferedBytes, queue.RetainedBytes, queue.QueuedMessages));

        var message = queue.Current()!;
        queue.Cut(message, 40);
        Assert.Equal((60, 164, 1), (queue.BufferedBytes, queue.RetainedBytes, queue.QueuedMessages));
        queue.Cut(message, 60);
        Assert.Equal((0, 164, 0), (queue.BufferedBytes, queue.RetainedBytes, queue.QueuedMessages));
        queue.Release(message);

        Assert.Equal((0, true), (queue.RetainedBytes, queue.IsEmpty));
        Assert.Equal(0, _pool.RentedBytes);
    }

    [Fact]
    public void An_empty_buffer_takes_any_message_and_a_full_one_none()
    {
        var queue = new SendQueue(_pool, capacityBytes: 200);

        Assert.True(TryAdd(queue, 1, 10_000));
        Assert.False(TryAdd(queue, 1, 1));
        Take(queue);

        Assert.True(TryAdd(queue, 1, 100));
        Assert.False(TryAdd(queue, 1, 50));
    }

    [Fact]
    public void A_discarded_stream_loses_its_turn_and_what_it_had_not_begun()
    {
        var queue = new SendQueue(_pool, 1 << 20);
        Add(queue, 1, bytes: 30);
        Add(queue, 1);
        Add(queue, 2);
        Add(queue, 2);
        Add(queue, 3);
        queue.Cut(queue.Current()!, 10);

        queue.Discard(queue.FindOrAdd(1));
        queue.Discard(queue.FindOrAdd(2));

        queue.Cut(queue.Current()!, 20);
        Assert.Equal([3], Drain(queue));
        Assert.True(queue.IsEmpty);
        Assert.Equal(0, queue.BufferedBytes);
        Add(queue, 2);
        Assert.Equal([2], Drain(queue));
    }

    [Fact]
    public void A_paused_stream_waits_until_it_is_let_go()
    {
        var queue = new SendQueue(_pool, 1 << 20);
        var stream = queue.FindOrAdd(1);
        stream.Reset = OutboundReset.Requested;
        Add(queue, 1);
        Assert.False(queue.HasReady);
        Assert.Null(queue.Current());
        Assert.False(queue.IsEmpty);

        stream.Reset = OutboundReset.None;
        queue.Await(stream);

        Assert.Equal([1], Drain(queue));
        queue.Forget(stream);
        Assert.Null(queue.Find(1));
    }

    private static bool TryAdd(SendQueue queue, ushort stream, int bytes, bool unordered = false) =>
        queue.TryEnqueue(queue.FindOrAdd(stream), 53, new byte[bytes], unordered, int.MaxValue, Instant.Never);

    private static void Add(SendQueue queue, ushort stream, int bytes = 10, bool unordered = false) =>
        Assert.True(TryAdd(queue, stream, bytes, unordered));

    private static ushort Take(SendQueue queue)
    {
        var message = queue.Current()!;
        var id = message.Stream.Id;
        queue.Cut(message, message.Length - message.CutLength);
        queue.Release(message);
        return id;
    }

    private static List<int> Drain(SendQueue queue)
    {
        var order = new List<int>();
        while (queue.Current() is not null)
        {
            order.Add(Take(queue));
        }

        return order;
    }
}
