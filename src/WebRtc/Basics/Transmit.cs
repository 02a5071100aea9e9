namespace Overlay.WebRtc;

/// <summary>Where the datagram that was just written into the caller's buffer has to go.</summary>
/// <param name="Path">The path to send on.</param>
/// <param name="Remote">The address to send to.</param>
/// <param name="Length">Bytes of the buffer that belong to the datagram.</param>
public readonly record struct Transmit(PathId Path, TransportAddress Remote, int Length);
