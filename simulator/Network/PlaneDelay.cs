using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Network;

/// <summary>Nodes lie in a plane where a millisecond is a unit of length: delay = distance + what the two access lines add, with jitter on top.</summary>
/// <remarks>
/// Where a node lies is a pure function of its number and the seed, so a million nodes need no matrix; places are kept, 6 bytes a node, to save
/// drawing them again. Distances come from integers and a square root, which is rounded alike everywhere.
/// </remarks>
public sealed class PlaneDelay : DelayModel
{
    private const int UnitsPerMillisecond = 128;

    private readonly Region[] _regions;
    private readonly double _accessMilliseconds;
    private readonly double _jitter;
    private readonly double _ticksPerUnit;
    private readonly ulong _seed;
    private Place[] _places = [];

    /// <param name="regions">Where nodes lie; the shares add up to 1.</param>
    /// <param name="access">Mean of the exponential one-way delay of one access line; 0 to 100 ms.</param>
    /// <param name="jitter">A message's delay is uniform within ± this share of its pair's; 0 to 1.</param>
    /// <param name="seed">Which world of places.</param>
    /// <param name="scale">Factor on all delays; 0.01 to 100.</param>
    public PlaneDelay(ReadOnlySpan<Region> regions, TimeSpan access, double jitter, ulong seed = 0, double scale = 1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(regions.Length, nameof(regions));
        ArgumentOutOfRangeException.ThrowIfLessThan(access, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(access, TimeSpan.FromMilliseconds(100));
        ArgumentOutOfRangeException.ThrowIfNegative(jitter);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(jitter, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 0.01);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(scale, 100);
        _regions = regions.ToArray();
        _accessMilliseconds = access.TotalMilliseconds;
        _jitter = jitter;
        _ticksPerUnit = scale * TimeSpan.TicksPerMillisecond / UnitsPerMillisecond;
        _seed = seed;
        foreach (var region in _regions)
        {
            region.Validate();
        }
    }

    public override bool IsSteady => _jitter == 0;

    /// <summary>The wide area: four regions fitted to the round trips of all pairs of 490 PlanetLab nodes.</summary>
    /// <remarks>Round trips in ms at 1, 5, 10, 25, 50, 75, 90, 95, 99 %: measured 6, 19, 32, 59, 135, 202, 291, 325, 413, mean 147; here within 6 %.</remarks>
    /// <param name="jitter">OverSim adds 10 %.</param>
    /// <param name="seed">Which world of places.</param>
    /// <param name="scale">Factor on all delays; 0.01 to 100.</param>
    public static PlaneDelay WideArea(double jitter = 0.1, ulong seed = 0, double scale = 1) => new(
        [
            new Region(0.399, 0, 0, 34.3),
            new Region(0.131, 27.7, 0, 4.1),
            new Region(0.340, 66, 52.8, 32.6),
            new Region(0.130, 30.4, -110.1, 60.4),
        ],
        TimeSpan.FromMilliseconds(0.3),
        jitter,
        seed,
        scale);

    /// <summary>p2psim's square: even in 172 ms × 172 ms, mean round trip 178 ms as in the King data.</summary>
    /// <param name="sideMilliseconds">Side of the square; 1 to 400.</param>
    /// <param name="jitter">0 in p2psim.</param>
    /// <param name="seed">Which world of places.</param>
    public static PlaneDelay Square(double sideMilliseconds = 172, double jitter = 0, ulong seed = 0) =>
        new([new Region(1, 0, 0, sideMilliseconds / 2, IsEven: true)], TimeSpan.Zero, jitter, seed);

    public override long Ticks(int from, int to, ref Prng random)
    {
        var (left, right) = (PlaceOf(from), PlaceOf(to));
        long across = left.X - right.X;
        long along = left.Y - right.Y;
        var units = Math.Sqrt((across * across) + (along * along)) + left.Access + right.Access;
        var ticks = units * _ticksPerUnit;
        if (_jitter > 0)
        {
            ticks *= 1 + (_jitter * ((2 * Samplers.Uniform(ref random)) - 1));
        }

        return (long)ticks;
    }

    private Place PlaceOf(int node)
    {
        if (node >= _places.Length)
        {
            Array.Resize(ref _places, Math.Max(node + 1, _places.Length * 5 / 4));
        }

        ref var place = ref _places[node];
        if (place.Access == 0)
        {
            place = Draw(node);
        }

        return place;
    }

    private Place Draw(int node)
    {
        var random = new Prng(_seed ^ ((ulong)(uint)node << 20)).Split();
        var share = Samplers.Uniform(ref random);
        var index = 0;
        while (index < _regions.Length - 1 && share >= _regions[index].Share)
        {
            share -= _regions[index++].Share;
        }

        var region = _regions[index];
        var x = region.X + region.Offset(ref random);
        var y = region.Y + region.Offset(ref random);
        var access = Math.Min(_accessMilliseconds * Samplers.Exponential(ref random), 100);
        return new Place((short)(x * UnitsPerMillisecond), (short)(y * UnitsPerMillisecond), (ushort)(1 + (access * UnitsPerMillisecond)));
    }

    /// <summary>A part of the plane where a share of the nodes lies, around a centre; all lengths in ms of one-way delay.</summary>
    /// <param name="Share">Of all nodes, 0 to 1.</param>
    /// <param name="X">Centre, −150 to 150.</param>
    /// <param name="Y">Centre, −150 to 150.</param>
    /// <param name="Reach">Farthest from the centre in each direction, 0 to 100 (200 when even).</param>
    /// <param name="IsEven">Spread evenly instead of thinning out linearly towards the edge.</param>
    public readonly record struct Region(double Share, double X, double Y, double Reach, bool IsEven = false)
    {
        internal void Validate()
        {
            ArgumentOutOfRangeException.ThrowIfNegative(Share);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(Share, 1);
            ArgumentOutOfRangeException.ThrowIfNegative(Reach);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(Reach, IsEven ? 200 : 100);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(Math.Max(Math.Abs(X), Math.Abs(Y)), IsEven ? 50 : 150, "centre");
        }

        internal double Offset(ref Prng random) => IsEven
            ? Reach * ((2 * Samplers.Uniform(ref random)) - 1)
            : Reach * (Samplers.Uniform(ref random) + Samplers.Uniform(ref random) - 1);
    }

    // Access is never 0 once drawn: at least 8 µs.
    private readonly record struct Place(short X, short Y, ushort Access);
}
