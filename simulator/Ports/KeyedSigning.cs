using System.Buffers.Binary;
using Overlay.Identity;

namespace Overlay.Simulator.Ports;

/// <summary>The signing port of a simulated world: a keyed hash in a signature of the real wire size, equal on every call and machine.</summary>
/// <remarks>
/// A signature is 8 bytes of hash over the signer's public key and the data, and 56 zero bytes. It costs nanoseconds; a world that wants to
/// charge for P-256 reads <see cref="SignCount"/> and <see cref="VerifyCount"/>.
/// </remarks>
public sealed class KeyedSigning : ISigning
{
    private readonly ulong _world;
    private readonly byte[] _publicKey = new byte[ISigning.PublicKeyBytes];

    /// <param name="world">The key of the simulated world; parties of different worlds do not believe each other.</param>
    /// <param name="index">The number of the party; its public key is a pure function of world and index.</param>
    public KeyedSigning(ulong world, ulong index)
    {
        _world = world;
        var generator = new Prng(world ^ (index * 0xD1342543DE82EF95UL));
        for (var at = 0; at < _publicKey.Length; at += sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64BigEndian(_publicKey.AsSpan(at), generator.Next());
        }
    }

    public ReadOnlySpan<byte> PublicKey => _publicKey;

    /// <summary>Signatures made.</summary>
    public long SignCount { get; private set; }

    /// <summary>Signatures judged.</summary>
    public long VerifyCount { get; private set; }

    public void Sign(ReadOnlySpan<byte> data, Span<byte> signature)
    {
        SignCount++;
        signature[..ISigning.SignatureBytes].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(signature, HashOf(_publicKey, data));
    }

    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        VerifyCount++;
        return publicKey.Length == ISigning.PublicKeyBytes
            && signature.Length == ISigning.SignatureBytes
            && !signature[sizeof(ulong)..].ContainsAnyExcept((byte)0)
            && BinaryPrimitives.ReadUInt64BigEndian(signature) == HashOf(publicKey, data);
    }

    private ulong HashOf(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data) => KeyedHash.Add(KeyedHash.Add(_world, publicKey), data);
}
