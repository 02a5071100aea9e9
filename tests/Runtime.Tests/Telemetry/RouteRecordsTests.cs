using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Telemetry;
using Overlay.Time;

namespace Overlay.Runtime.Tests.Telemetry;

public sealed class RouteRecordsTests : IDisposable
{
    private static readonly RingId Node = RingId.From(77);

    private readonly NodeTelemetry _telemetry = new(new TelemetryOptions(), new NodeCounters(), () => 0);
    private readonly Spans _spans = new(static node => node == Node.ToString());
    private readonly RouteRecords _records;

    public RouteRecordsTests()
    {
        _telemetry.TryBegin(Node);
        _records = new RouteRecords(_telemetry, new NodeClock(new ManualTime()), NullLogger.Instance);
    }

    public void Dispose()
    {
        _spans.Dispose();
        _telemetry.Dispose();
    }

    [Fact]
    public void The_last_thousand_are_kept_in_order()
    {
        for (var i = 0; i < 2500; i++)
        {
            Pass(i, 0.1);
        }

        Assert.Equal(Enumerable.Range(1500, 1000).Select(i => (ulong)i), _records.ToArray().Select(record => record.MessageId));
        Assert.Empty(Told());
    }

    [Fact]
    public void What_failed_or_went_astray_is_told_also_where_nobody_traces_it()
    {
        Pass(1, 0.1, drop: DropReason.NoRoute);
        Pass(2, 0.1, flags: MessageFlags.Rerouted);
        Pass(3, 0.1);

        Assert.Equal([("1", "failed", "no_route"), ("2", "misrouted", null)], Told());
    }

    [Fact]
    public void What_was_held_longer_than_ninety_nine_of_a_hundred_is_told()
    {
        for (var i = 0; i < 1000; i++)
        {
            Pass(i, 6 + (i % 10));
        }

        Pass(5000, 14);
        Assert.Empty(Told());
        Pass(5001, 60);

        Assert.Equal([("1389", "slow", null)], Told()); // 5001
    }

    [Fact]
    public void What_is_fast_is_never_slow_however_fast_all_others_are()
    {
        for (var i = 0; i < 1000; i++)
        {
            Pass(i, 0.01);
        }

        Pass(5000, 4.9);

        Assert.Empty(Told());
    }

    [Fact]
    public void No_more_are_told_than_ten_a_second()
    {
        for (var i = 0; i < 100; i++)
        {
            Pass(i, 0.1, drop: DropReason.QueueFull);
        }

        Assert.Equal(RouteRecords.PerSecond, Told().Count);
    }

    [Fact]
    public void Writing_one_down_allocates_nothing_where_nobody_listens()
    {
        using var quiet = new NodeTelemetry(new TelemetryOptions { Spans = false }, new NodeCounters(), () => 0);
        var records = new RouteRecords(quiet, new NodeClock(new ManualTime()), NullLogger.Instance);
        Pass(0, 0.1, DropReason.NoRoute, on: records);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 5000; i++)
        {
            Pass(i, 0.1, i % 50 == 0 ? DropReason.NoRoute : DropReason.None, on: records);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private void Pass(int id, double heldMilliseconds, DropReason drop = DropReason.None, MessageFlags flags = MessageFlags.None, RouteRecords? on = null)
    {
        var message = new Message { Kind = MessageKind.Data, Flags = flags, HopsLeft = 60, Source = RingId.From(1), Destination = RingId.From(2), MessageId = (ulong)id };
        (on ?? _records).Add(RouteRecords.Of(new Instant(TimeSpan.TicksPerDay, 0), message, RingId.From(3), TimeSpan.FromMilliseconds(heldMilliseconds), drop), default);
    }

    private List<(string Id, string Why, string? Error)> Told() =>
    [
        .. _spans.All.Where(span => span.OperationName == "route record").Select(span =>
            (Spans.Tag(span, "messaging.message.id").TrimStart('0'), Spans.Tag(span, "overlay.outcome"), (string?)span.GetTagItem("error.type"))),
    ];
}
