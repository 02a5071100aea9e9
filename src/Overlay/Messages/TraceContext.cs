namespace Overlay.Messages;

/// <summary>A trace context as a value, 25 bytes on the wire: trace id, span id, flags (W3C Trace Context). All zero: none.</summary>
public readonly record struct TraceContext(ulong TraceHigh, ulong TraceLow, ulong Span, byte Flags)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Bytes = 25;

    /// <summary>Whether there is no trace.</summary>
    public bool IsNone => (TraceHigh | TraceLow) == 0;
}
