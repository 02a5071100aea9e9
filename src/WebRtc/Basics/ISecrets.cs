namespace Overlay.WebRtc;

/// <summary>Bytes an attacker must not guess: passwords, cookie keys, verification tags, transaction ids.</summary>
/// <remarks>
/// The core has no source of randomness of its own. A live host hands in the operating system's generator;
/// a test or a simulation hands in <see cref="SeededSecrets"/>, so that a run can be repeated byte by byte.
/// </remarks>
public interface ISecrets
{
    /// <summary>Fills the whole of <paramref name="destination"/>.</summary>
    void Fill(Span<byte> destination);
}

/// <summary>Predictable <see cref="ISecrets"/> for tests and simulations. Never for a live host.</summary>
public sealed class SeededSecrets(ulong seed) : ISecrets
{
    private Prng _prng = new(seed);

    public void Fill(Span<byte> destination) => _prng.Fill(destination);
}
