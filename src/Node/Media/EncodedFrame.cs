namespace Overlay.Nodes.Media;

/// <summary>One frame of a track as its encoder made it; nothing on the way decodes it.</summary>
/// <param name="Payload">The codec's bytes, shared by all readers: they must not change.</param>
/// <param name="Timestamp">When it is to be shown or heard, from the beginning of its track.</param>
/// <param name="IsKey">Whether a decoder can begin with it. Frames of audio always are.</param>
public readonly record struct EncodedFrame(ReadOnlyMemory<byte> Payload, TimeSpan Timestamp, bool IsKey);
