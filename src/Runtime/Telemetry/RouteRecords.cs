using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using Microsoft.Extensions.Logging;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Channels;
using Overlay.Time;

namespace Overlay.Runtime.Telemetry;

/// <summary>The last <see cref="Capacity"/> messages of others that passed this node; those that failed, were slow or went astray are told, traced or not. On the loop.</summary>
/// <remarks>
/// Memory is constant, and writing a record down allocates nothing. Slow is what was held longer than 99 of 100 of the records here, and <see cref="LeastSlow"/> at the least. Told are at most
/// <see cref="PerSecond"/> a second, as a span <c>route record</c> of its own, linked to the message's trace, and as log event 6.
/// </remarks>
internal sealed partial class RouteRecords(NodeTelemetry telemetry, NodeClock clock, ILogger log)
{
    /// <summary>Records that are kept.</summary>
    public const int Capacity = 1000;

    /// <summary>Records that are told of in a second.</summary>
    public const int PerSecond = 10;

    /// <summary>What is held no longer is not slow, however fast all others are.</summary>
    public static readonly TimeSpan LeastSlow = TimeSpan.FromMilliseconds(5);

    /// <summary>Fewer records have no hundredth.</summary>
    private const int FewestToCompare = 100;

    /// <summary>Records after which it is worked out again what is slow.</summary>
    private const int JudgeEvery = 64;

    /// <summary>Half octaves of microseconds: up to an hour.</summary>
    private const int Steps = 64;

    private readonly int[] _heldIn = new int[Steps];
    private RouteRecord[]? _ring; // Made with the first message of others: guests have none.
    private int _next;
    private int _count;
    private int _slowFrom = Steps;
    private ByteBucket _told;

    /// <summary>A message of others left, or did not.</summary>
    /// <param name="record">What became of it.</param>
    /// <param name="context">The trace that it belongs to, if any.</param>
    public void Add(in RouteRecord record, in TraceContext context)
    {
        _ring ??= new RouteRecord[Capacity];
        ref var place = ref _ring[_next];
        if (_count == Capacity)
        {
            _heldIn[StepOf(place.Held)]--;
        }
        else
        {
            _count++;
        }

        place = record;
        _next = (_next + 1) % Capacity;
        var step = StepOf(record.Held);
        var isSlow = step >= _slowFrom && record.Held >= LeastSlow;
        _heldIn[step]++;
        if (_next % JudgeEvery == 0)
        {
            _slowFrom = WhatIsSlow();
        }

        if (record.Drop != DropReason.None || record.IsMisrouted || isSlow)
        {
            Tell(record, context, record.Drop != DropReason.None ? "failed" : record.IsMisrouted ? "misrouted" : "slow");
        }
    }

    /// <summary>The records, the latest last.</summary>
    public RouteRecord[] ToArray()
    {
        var records = new RouteRecord[_count];
        for (var i = 0; i < _count; i++)
        {
            records[i] = _ring![(_next + Capacity - _count + i) % Capacity];
        }

        return records;
    }

    /// <summary>Ends that are a message's failure; a duplicate's, for example, is not.</summary>
    public static bool IsFailure(DropReason why) => why is DropReason.NoRoute or DropReason.HopBudget or DropReason.GuestGone or DropReason.QueueFull or DropReason.Quota;

    /// <summary>A message as it leaves or ends here.</summary>
    public static RouteRecord Of(Instant now, in Message message, RingId next, TimeSpan held, DropReason drop) => new(
        now,
        message.Kind,
        message.Source,
        message.Target,
        message.MessageId,
        next,
        held > TimeSpan.Zero ? held : TimeSpan.Zero,
        message.HopsLeft,
        (message.Flags & (MessageFlags.Rerouted | MessageFlags.Around)) != 0,
        drop);

    /// <summary>The first step above which no more than a hundredth of the records lies.</summary>
    private int WhatIsSlow()
    {
        if (_count < FewestToCompare)
        {
            return Steps;
        }

        var above = 0;
        for (var step = Steps - 1; step >= 0; step--)
        {
            above += _heldIn[step];
            if (above * 100 > _count)
            {
                return step + 1;
            }
        }

        return 0;
    }

    private static int StepOf(TimeSpan held)
    {
        var microseconds = (ulong)Math.Max(1, held.Ticks / TimeSpan.TicksPerMicrosecond);
        var octave = BitOperations.Log2(microseconds);
        var half = octave > 0 && (microseconds & (1UL << (octave - 1))) != 0 ? 1 : 0;
        return Math.Min(Steps - 1, (2 * octave) + half);
    }

    private void Tell(in RouteRecord record, in TraceContext context, string why)
    {
        var isListening = telemetry.IsListening;
        if ((!isListening && !log.IsEnabled(LogLevel.Debug)) || !_told.TryTake(record.At, 1, PerSecond))
        {
            return;
        }

        LogRecord(log, telemetry.Node, why, record.Kind, record.Source, record.Target, record.Held.TotalMilliseconds, record.Drop);
        if (isListening && telemetry.Start("route record", ActivityKind.Internal, default, context.ToActivity(), clock.Wall(record.At + -record.Held)) is { } span)
        {
            Describe(span, record, why);
            NodeTelemetry.End(span, clock.Wall(record.At));
        }
    }

    private static void Describe(Activity span, in RouteRecord record, string why)
    {
        span.SetTag("overlay.outcome", why);
        span.SetTag("messaging.message.id", record.MessageId.ToString("x16", CultureInfo.InvariantCulture));
        span.SetTag("overlay.message.kind", Words.Of(record.Kind));
        span.SetTag("overlay.source.id", record.Source.ToString());
        span.SetTag("overlay.target.id", record.Target.ToString());
        span.SetTag("overlay.hop.budget", (int)record.HopsLeft);
        span.SetTag("overlay.queue.duration", record.Held.TotalSeconds);
        if (record.Drop != DropReason.None)
        {
            NodeTelemetry.Fail(span, Words.Of(record.Drop));
        }
        else
        {
            span.SetTag("overlay.next.id", record.Next.ToString());
        }
    }

    [LoggerMessage(EventId = 6, Level = LogLevel.Debug, Message = "{Node} has a {Why} message: {Kind} of {Source} for {Target}, held {Held} ms, ended for {Reason}")]
    private static partial void LogRecord(ILogger log, RingId node, string why, MessageKind kind, RingId source, RingId target, double held, DropReason reason);
}
