using System.Buffers.Binary;
using System.Diagnostics;
using Overlay.Messages;

namespace Overlay.Runtime.Telemetry;

/// <summary>Trace contexts as the wire has them and as activities have them.</summary>
public static class TraceContexts
{
    /// <summary>As it lies in a message; none where there is nothing that is recorded.</summary>
    public static TraceContext ToWire(this Activity? activity)
    {
        if (activity is not { Recorded: true })
        {
            return default; // What is not recorded costs no byte, and makes nobody's messages linkable.
        }

        Span<byte> trace = stackalloc byte[16];
        Span<byte> span = stackalloc byte[8];
        activity.TraceId.CopyTo(trace);
        activity.SpanId.CopyTo(span);
        return new(
            BinaryPrimitives.ReadUInt64BigEndian(trace),
            BinaryPrimitives.ReadUInt64BigEndian(trace[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(span),
            (byte)activity.ActivityTraceFlags);
    }

    /// <summary>As a parent or a link of an activity.</summary>
    public static ActivityContext ToActivity(this TraceContext context)
    {
        if (context.IsNone || context.Span == 0)
        {
            return default;
        }

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, context.TraceHigh);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], context.TraceLow);
        var trace = ActivityTraceId.CreateFromBytes(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes, context.Span);
        return new(trace, ActivitySpanId.CreateFromBytes(bytes[..8]), (ActivityTraceFlags)(context.Flags & 1), isRemote: true);
    }

    /// <summary>Whether whoever sent it would have spans of it.</summary>
    internal static bool IsSampled(this in TraceContext context) => (context.Flags & 1) != 0 && !context.IsNone;
}
