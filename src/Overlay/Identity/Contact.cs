using Overlay.Ring;

namespace Overlay.Identity;

/// <summary>A node that a table may hold: its certificate was verified.</summary>
/// <remarks>
/// A value of one reference, because a node keeps a hundred of them: id, instance and certificate lie in an immutable object that everybody who knows the same
/// of a node may share. A change (<c>with</c>) makes another object; <c>default</c> is nobody.
/// </remarks>
public readonly struct Contact : IEquatable<Contact>
{
    private readonly Known? _known;

    /// <param name="id">The node's position, equal to the certificate's.</param>
    /// <param name="instance">The newest instance seen.</param>
    /// <param name="certificate">The interned, verified certificate; null only where a node is spoken of before its certificate is here.</param>
    public Contact(RingId id, long instance, NodeCertificate certificate) => _known = new(id, instance, certificate);

    /// <summary>Whether it is <c>default</c>.</summary>
    public bool IsNobody => _known is null;

    /// <summary>Whether both are known by one shared object: a first look that reads neither. False says nothing.</summary>
    public bool IsSameAs(in Contact other) => ReferenceEquals(_known, other._known);

    /// <summary>The node's position.</summary>
    public RingId Id => _known is null ? default : _known.Id;

    /// <summary>The newest instance seen.</summary>
    public long Instance
    {
        get => _known is null ? 0 : _known.Instance;
        init => _known = value == Instance ? _known : new(Id, value, Certificate);
    }

    /// <summary>The interned, verified certificate.</summary>
    public NodeCertificate Certificate => _known is null ? null! : _known.Certificate;

    /// <summary>What messages say of this node.</summary>
    public Descriptor Descriptor => new(Id, Instance, Certificate.Hash);

    public static bool operator ==(Contact left, Contact right) => left.Equals(right);

    public static bool operator !=(Contact left, Contact right) => !left.Equals(right);

    public bool Equals(Contact other) =>
        ReferenceEquals(_known, other._known)
        || (Id == other.Id && Instance == other.Instance && (Certificate is null ? other.Certificate is null : Certificate.Equals(other.Certificate)));

    public override bool Equals(object? obj) => obj is Contact other && Equals(other);

    public override int GetHashCode() => Id.GetHashCode() ^ Instance.GetHashCode();

    public override string ToString() => Id.ToString();

    private sealed class Known(RingId id, long instance, NodeCertificate certificate)
    {
        public RingId Id { get; } = id;

        public long Instance { get; } = instance;

        public NodeCertificate Certificate { get; } = certificate;
    }
}
