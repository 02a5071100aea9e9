using System.Buffers.Binary;
using System.Security.Cryptography;
using Overlay.Admission;
using Overlay.Identity;
using Overlay.Signalling;
using Overlay.Simulator.Ports;
using Overlay.Time;

namespace Overlay.Simulator.Worlds;

/// <summary>Keys and certificates: pure functions of the world's seed, a node's number, and how often that number was given to somebody new.</summary>
/// <remarks>Encoded certificates are made anew whenever one is looked at; what is kept is the hub's nonce, the only part that takes time to find.</remarks>
public sealed class WorldIdentities : ICertificateForms
{
    private const ulong HubIndex = 0;
    private const long ValidFrom = World.UnixOrigin / 1000;
    private const long ValidTo = ValidFrom + (14 * 24 * 3600);

    private readonly ulong _seed;
    private readonly ushort[] _generations;
    private readonly UInt128[] _nonces; // Of each number's present key; 0: not found yet.
    private readonly byte[] _caSecret = new byte[HubIdentity.CaSecretBytes];

    /// <param name="seed">The world's.</param>
    /// <param name="capacity">Numbers that nodes may have.</param>
    public WorldIdentities(ulong seed, int capacity)
    {
        _seed = seed;
        _generations = new ushort[capacity];
        _nonces = new UInt128[capacity];
        BinaryPrimitives.WriteUInt64BigEndian(_caSecret, new Prng(seed).Next());
        HubKey = new KeyedSigning(seed, HubIndex).PublicKey.ToArray();
        Pool = new CertificatePool(HubKey, Math.Max(1024, capacity * 2));
        HubSlots = new HubSlots(HubKey, hubCount: 1);
        Hub = new HubIdentity(new KeyedSigning(seed, HubIndex), new SeededSecrets(~seed), _caSecret);
    }

    /// <summary>The hub's keys.</summary>
    public HubIdentity Hub { get; }

    /// <summary>The hub's public key.</summary>
    public byte[] HubKey { get; }

    /// <summary>What is known of certificates in this world, found out once for all its nodes.</summary>
    public CertificatePool Pool { get; }

    /// <summary>The hub's gateway slots, the same for all nodes.</summary>
    public HubSlots HubSlots { get; }

    /// <summary>A new key for the node with this number.</summary>
    public WorldIdentity Renew(int node)
    {
        _generations[node]++;
        _nonces[node] = default;
        return Of(node);
    }

    /// <summary>The key of the node with this number.</summary>
    public WorldIdentity Of(int node)
    {
        var index = ((ulong)_generations[node] << 32) | ((uint)node + 1u);
        return new WorldIdentity(_seed, index, _seed ^ (index * 0xA24BAED4963EE407UL), Pool);
    }

    /// <summary>The certificate that the hub would give to a key, valid from the beginning of the world.</summary>
    public NodeCertificate Issue(in WorldIdentity identity) => NodeCertificate.Of(this, identity.Index);

    /// <inheritdoc/>
    public byte[] EncodedOf(ulong number)
    {
        var key = PublicKeyOf(number);
        Span<byte> nonce = stackalloc byte[NodeCertificate.NonceBytes];
        BinaryPrimitives.WriteUInt128BigEndian(nonce, NonceOf(number, key));
        return NodeCertificate.Encode(Hub.Signing, NodeCertificate.PositionOf(nonce, key), key, nonce, ValidFrom, ValidTo);
    }

    /// <inheritdoc/>
    public byte[] PublicKeyOf(ulong number)
    {
        var key = new byte[ISigning.PublicKeyBytes];
        KeyedSigning.WriteKey(_seed, number, key);
        return key;
    }

    /// <inheritdoc/>
    public (long NotBefore, long NotAfter) LifeOf(ulong number) => (ValidFrom, ValidTo);

    private UInt128 NonceOf(ulong number, ReadOnlySpan<byte> key)
    {
        var node = (int)(uint)number - 1;
        var isPresent = _generations[node] == (ushort)(number >> 32);
        if (isPresent && _nonces[node] != default)
        {
            return _nonces[node];
        }

        var nonce = FindNonce(key);
        if (isPresent)
        {
            _nonces[node] = nonce;
        }

        return nonce;
    }

    /// <summary>As a hub draws it: anew where the place would be one reserved for guests.</summary>
    private UInt128 FindNonce(ReadOnlySpan<byte> key)
    {
        Span<byte> input = stackalloc byte[ISigning.PublicKeyBytes + 4];
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        for (var counter = 0; ; counter++)
        {
            key.CopyTo(input);
            BinaryPrimitives.WriteInt32BigEndian(input[ISigning.PublicKeyBytes..], counter);
            HMACSHA256.HashData(_caSecret, input, mac);
            if (!GuestIds.IsReserved(NodeCertificate.PositionOf(mac[..NodeCertificate.NonceBytes], key)))
            {
                return BinaryPrimitives.ReadUInt128BigEndian(mac);
            }
        }
    }
}

/// <summary>One node's key, secrets and seed.</summary>
/// <param name="World">The world's seed.</param>
/// <param name="Index">Number and generation.</param>
/// <param name="Seed">Decides the node's schedules.</param>
/// <param name="Pool">What is known of certificates in its world.</param>
public readonly record struct WorldIdentity(ulong World, ulong Index, ulong Seed, CertificatePool Pool)
{
    /// <summary>The ports of a node with this identity.</summary>
    public NodePorts Ports => new(new KeyedSigning(World, Index), null, new SeededSecrets(Seed)) { Certificates = Pool };

    /// <summary>A start at a moment: its instance is the wall clock's.</summary>
    public NodeStart StartAt(Instant now) => new(new Prng(Seed ^ (ulong)now.Ticks).Next(), now.UnixMilliseconds, 1, null, "", IsGuest: false);
}
