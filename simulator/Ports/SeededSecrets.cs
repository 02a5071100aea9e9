using System.Buffers.Binary;
using Overlay.Identity;

namespace Overlay.Simulator.Ports;

/// <summary>Secrets of a simulated node: repeatable from the seed, and so no secrets at all.</summary>
public sealed class SeededSecrets(ulong seed) : ISecrets
{
    private Prng _generator = new(seed);

    public void Fill(Span<byte> destination)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        while (!destination.IsEmpty)
        {
            BinaryPrimitives.WriteUInt64BigEndian(word, _generator.Next());
            var count = Math.Min(word.Length, destination.Length);
            word[..count].CopyTo(destination);
            destination = destination[count..];
        }
    }
}
