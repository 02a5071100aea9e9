using System.Buffers.Binary;
using Overlay.Identity;

namespace Overlay.Simulator.Ports;

/// <summary>The sealing port of a simulated world: scrambles with a stream anybody of that world could make, in the size of the real thing.</summary>
/// <remarks>
/// <code>| version 1 | recipient's key 64 | number 12 | scrambled n | tag 16 |</code>
/// Enough to show that a hop sees no plaintext, that another recipient cannot open it, and that an altered byte is noticed.
/// </remarks>
/// <param name="world">The key of the simulated world.</param>
/// <param name="publicKey">The node's own public key, 64 bytes.</param>
public sealed class KeyedSealing(ulong world, ReadOnlyMemory<byte> publicKey) : ISealing
{
    private const byte Version = 1;
    private const int NumberAt = 1 + ISigning.PublicKeyBytes;
    private const int TextAt = NumberAt + 12;
    private const int TagBytes = 16;

    private ulong _number;

    public byte[] Seal(ReadOnlySpan<byte> recipientKey, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> plaintext)
    {
        var sealedBytes = new byte[TextAt + plaintext.Length + TagBytes];
        sealedBytes[0] = Version;
        recipientKey[..ISigning.PublicKeyBytes].CopyTo(sealedBytes.AsSpan(1));
        BinaryPrimitives.WriteUInt64BigEndian(sealedBytes.AsSpan(NumberAt), ++_number);
        var text = sealedBytes.AsSpan(TextAt, plaintext.Length);
        plaintext.CopyTo(text);
        Scramble(text, Start(sealedBytes));
        BinaryPrimitives.WriteUInt64BigEndian(sealedBytes.AsSpan(sealedBytes.Length - TagBytes), TagOf(associated, sealedBytes));
        return sealedBytes;
    }

    public bool TryOpen(ReadOnlySpan<byte> associated, ReadOnlySpan<byte> sealedBytes, out byte[] plaintext)
    {
        plaintext = [];
        if (sealedBytes.Length < TextAt + TagBytes
            || sealedBytes[0] != Version
            || !sealedBytes.Slice(1, ISigning.PublicKeyBytes).SequenceEqual(publicKey.Span)
            || BinaryPrimitives.ReadUInt64BigEndian(sealedBytes[^TagBytes..]) != TagOf(associated, sealedBytes)
            || sealedBytes[^(TagBytes - sizeof(ulong))..].ContainsAnyExcept((byte)0))
        {
            return false;
        }

        plaintext = sealedBytes[TextAt..^TagBytes].ToArray();
        Scramble(plaintext, Start(sealedBytes));
        return true;
    }

    private static void Scramble(Span<byte> text, ulong start)
    {
        var stream = new Prng(start);
        for (var at = 0; at < text.Length; at += sizeof(ulong))
        {
            var mask = stream.Next();
            for (var i = at; i < Math.Min(at + sizeof(ulong), text.Length); i++, mask >>= 8)
            {
                text[i] ^= (byte)mask;
            }
        }
    }

    private ulong Start(ReadOnlySpan<byte> sealedBytes) => KeyedHash.Add(~world, sealedBytes[..TextAt]);

    private ulong TagOf(ReadOnlySpan<byte> associated, ReadOnlySpan<byte> sealedBytes) =>
        KeyedHash.Add(KeyedHash.Add(world, associated), sealedBytes[..^TagBytes]);
}
