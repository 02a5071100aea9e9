namespace Overlay.Messages;

/// <summary>Bytes ↔ messages: the only place that knows the layout.</summary>
public static partial class MessageCodec
{
    /// <summary>Bytes that <paramref name="body"/> takes on the wire.</summary>
    public static int MeasureBody(SignedBody body)
    {
        ArgumentNullException.ThrowIfNull(body);
        throw new NotSupportedException();
    }
}
