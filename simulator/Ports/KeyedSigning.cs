using System.Buffers.Binary;
using Overlay.Identity;

namespace Overlay.Simulator.Ports;

/// <summary>The signing port of a simulated world: a keyed hash in a signature of the real wire size, equal on every call and machine.</summary>
/// <remarks>
/// A signature is 8 bytes of hash over the signer's public key and the data, and 56 zero bytes. It costs nanoseconds. The key is drawn anew whenever it is
/// needed: a million nodes would hold 88 MB of them.
/// </remarks>
/// <param name="world">The key of the simulated world; parties of different worlds do not believe each other.</param>
/// <param name="index">The number of the party; its public key is a pure function of world and index.</param>
public sealed class KeyedSigning(ulong world, ulong index) : ISigning
{
    public ReadOnlySpan<byte> PublicKey
    {
        get
        {
            var key = new byte[ISigning.PublicKeyBytes];
            WriteKey(world, index, key);
            return key;
        }
    }

    public void Sign(ReadOnlySpan<byte> data, Span<byte> signature)
    {
        Span<byte> key = stackalloc byte[ISigning.PublicKeyBytes];
        WriteKey(world, index, key);
        signature[..ISigning.SignatureBytes].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(signature, HashOf(key, data));
    }

    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        publicKey.Length == ISigning.PublicKeyBytes
        && signature.Length == ISigning.SignatureBytes
        && !signature[sizeof(ulong)..].ContainsAnyExcept((byte)0)
        && BinaryPrimitives.ReadUInt64BigEndian(signature) == HashOf(publicKey, data);

    /// <summary>Writes the 64 bytes of a party's public key.</summary>
    public static void WriteKey(ulong world, ulong index, Span<byte> key)
    {
        var generator = new Prng(world ^ (index * 0xD1342543DE82EF95UL));
        for (var at = 0; at < key.Length; at += sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64BigEndian(key[at..], generator.Next());
        }
    }

    private ulong HashOf(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data) => KeyedHash.Add(KeyedHash.Add(world, publicKey), data);
}
