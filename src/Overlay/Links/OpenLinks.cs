namespace Overlay.Links;

/// <summary>The open links of a table in the order of the ring, as they are at the moment of asking.</summary>
public readonly struct OpenLinks : IEquatable<OpenLinks>
{
    private readonly LinkTable _table;

    internal OpenLinks(LinkTable table) => _table = table;

    /// <summary>How many there are.</summary>
    public int Length => _table.OpenCount;

    /// <summary>The link at <paramref name="at"/>, 0 … <see cref="Length"/> − 1.</summary>
    public Link this[int at]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)at, (uint)Length);
            return _table.LinkAt(at);
        }
    }

    public static bool operator ==(OpenLinks left, OpenLinks right) => left.Equals(right);

    public static bool operator !=(OpenLinks left, OpenLinks right) => !left.Equals(right);

    public Enumerator GetEnumerator() => new(_table);

    /// <summary>A copy.</summary>
    public Link[] ToArray()
    {
        var links = new Link[Length];
        for (var at = 0; at < links.Length; at++)
        {
            links[at] = _table.LinkAt(at);
        }

        return links;
    }

    public bool Equals(OpenLinks other) => _table == other._table;

    public override bool Equals(object? obj) => obj is OpenLinks other && Equals(other);

    public override int GetHashCode() => _table.GetHashCode();

    /// <summary>Walks over the links.</summary>
    public struct Enumerator
    {
        private readonly LinkTable _table;
        private int _at;

        internal Enumerator(LinkTable table) => (_table, _at) = (table, -1);

        public readonly Link Current => _table.LinkAt(_at);

        public bool MoveNext() => ++_at < _table.OpenCount;
    }
}
