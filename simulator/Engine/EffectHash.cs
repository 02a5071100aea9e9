namespace Overlay.Simulator.Engine;

/// <summary>A running hash of everything that happened: two runs of one seed must end with the same.</summary>
public struct EffectHash
{
    private ulong _state;

    /// <summary>The hash so far.</summary>
    public readonly ulong Value => _state;

    /// <summary>Goes on over <paramref name="value"/>.</summary>
    public void Add(ulong value) => _state = new Prng(_state ^ value).Next();

    /// <summary>Goes on over two values.</summary>
    public void Add(ulong first, ulong second) => _state = new Prng(_state ^ first).Next() + (second * 0xD6E8FEB86659FD93UL);

    /// <summary>Goes on over three values.</summary>
    public void Add(long first, long second, long third)
    {
        Add((ulong)first);
        Add((ulong)second);
        Add((ulong)third);
    }
}
