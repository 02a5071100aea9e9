using System.Buffers.Binary;
using System.Security.Cryptography;
using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Admission;

/// <summary>Where a nonce puts a key; the certificate's rule, narrower in tests so that collisions happen.</summary>
internal delegate RingId PositionRule(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> publicKey);

/// <summary>Gives each key its position: the same one for ever, and never one that the key's owner chose (mechanisms §5).</summary>
/// <remarks>
/// <c>nonce = HMAC-SHA-256(CA secret, key ‖ counter)[..16]</c>, <c>id = first 48 bits of SHA-256(nonce ‖ key)</c>. The counter is 0 but for a key whose
/// position is taken by another known key; only those counters are worth remembering.
/// </remarks>
internal sealed class PositionBook
{
    // With 2^20 members a draw collides once in 2^28 times; sixteen in a row are a broken hash.
    private const int MaxDraws = 64;

    private readonly byte[] _caSecret;
    private readonly PositionRule _rule;
    private readonly Dictionary<UInt128, int> _counters = [];

    public PositionBook(ReadOnlySpan<byte> caSecret, HubState state, PositionRule? rule = null)
    {
        _caSecret = caSecret.ToArray();
        _rule = rule ?? NodeCertificate.PositionOf;
        foreach (var collided in state.Collisions)
        {
            _counters[collided.Key] = collided.Counter;
        }
    }

    /// <summary>Names a key: the first 16 bytes of its SHA-256.</summary>
    public static UInt128 NameOf(ReadOnlySpan<byte> publicKey)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(publicKey, digest);
        return BinaryPrimitives.ReadUInt128BigEndian(digest);
    }

    /// <summary>Draws the position of a key.</summary>
    /// <param name="publicKey">The key, 64 bytes.</param>
    /// <param name="members">Whose positions are taken.</param>
    /// <param name="nonce">The nonce that gives it.</param>
    /// <param name="isNewCollision">Another counter must be remembered.</param>
    /// <returns>False where no draw found a free position.</returns>
    public bool TryPlace(ReadOnlySpan<byte> publicKey, MemberBook members, Span<byte> nonce, out RingId id, out bool isNewCollision)
    {
        var name = NameOf(publicKey);
        var first = _counters.GetValueOrDefault(name);
        isNewCollision = false;
        for (var counter = first; counter < first + MaxDraws; counter++)
        {
            DrawNonce(publicKey, counter, nonce);
            id = _rule(nonce, publicKey);
            if (GuestIds.IsReserved(id))
            {
                continue; // Follows from the key alone: nothing to remember.
            }

            if (!members.IsTakenByAnother(id, name))
            {
                if (isNewCollision)
                {
                    _counters[name] = counter;
                }

                return true;
            }

            isNewCollision = true;
        }

        id = default;
        isNewCollision = false;
        return false;
    }

    /// <summary>The counters to remember, sorted by key so that equal books export equal lists.</summary>
    public CollidedKey[] Export()
    {
        var keys = new CollidedKey[_counters.Count];
        var at = 0;
        foreach (var (key, counter) in _counters)
        {
            keys[at++] = new(key, counter);
        }

        Array.Sort(keys, static (a, b) => a.Key.CompareTo(b.Key));
        return keys;
    }

    private void DrawNonce(ReadOnlySpan<byte> publicKey, int counter, Span<byte> nonce)
    {
        Span<byte> input = stackalloc byte[ISigning.PublicKeyBytes + 4];
        publicKey.CopyTo(input);
        BinaryPrimitives.WriteInt32BigEndian(input[ISigning.PublicKeyBytes..], counter);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_caSecret, input, mac);
        mac[..NodeCertificate.NonceBytes].CopyTo(nonce);
    }
}
