using Overlay.Identity;
using Overlay.Ring;
using Overlay.Simulator.Ports;
using Overlay.Time;

namespace Overlay.Tests;

/// <summary>A hub's key, nodes with certificates of it, and a clock, all pure functions of their numbers.</summary>
internal sealed class World(ulong key = 1)
{
    /// <summary>2026-01-01 UTC.</summary>
    public const long StartUnixSeconds = 1_767_225_600;

    public const long DaySeconds = 86_400;

    public KeyedSigning Hub { get; } = new(key, 0);

    /// <summary>A moment some seconds after the world's start.</summary>
    public static Instant At(double seconds) =>
        new((long)(seconds * TimeSpan.TicksPerSecond), (StartUnixSeconds * 1000) + (long)(seconds * 1000));

    /// <summary>The signing port of node <paramref name="index"/>, from 1.</summary>
    public KeyedSigning Signing(ulong index) => new(key, index);

    public NodeCertificate Certificate(ulong index, long notBefore = StartUnixSeconds - 60, long lifeSeconds = 14 * DaySeconds) =>
        NodeCertificate.Issue(Hub, Signing(index).PublicKey, Nonce(index), notBefore, notBefore + lifeSeconds);

    public Contact Contact(ulong index, long instance = 1)
    {
        var certificate = Certificate(index);
        return new(certificate.Id, instance, certificate);
    }

    public Descriptor Descriptor(ulong index, long instance = 1) => Contact(index, instance).Descriptor;

    /// <summary>A store that trusts the world's hub, on behalf of node <paramref name="index"/>.</summary>
    public CertificateStore Store(ulong index, int capacity = CertificateStore.DefaultCapacity)
    {
        var store = new CertificateStore(Signing(index), capacity);
        store.Trust(Hub.PublicKey);
        return store;
    }

    private static byte[] Nonce(ulong index)
    {
        var nonce = new byte[NodeCertificate.NonceBytes];
        new SeededSecrets(index).Fill(nonce);
        return nonce;
    }
}
