namespace Overlay.Identity;

/// <summary>What an attacker must not guess: nonces, challenges, passwords. The system's generator live, a seeded one in the simulator.</summary>
public interface ISecrets
{
    /// <summary>Fills <paramref name="destination"/> with unguessable bytes.</summary>
    void Fill(Span<byte> destination);
}
