using System.Buffers.Binary;
using Overlay.Broadcast;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Checkers;

/// <summary>The broadcasts of a workload: who was to get each, and who did.</summary>
/// <remarks>A violation is a second delivery to the same node, or a member there from beginning to end that did not get it. Where the origin ended before its broadcast had, and where
/// nodes froze or the network parted, nothing is promised of completeness.</remarks>
public sealed class BroadcastWatch(World world, RunChecks checks)
{
    /// <summary>When a broadcast is judged: its life is over, and then some.</summary>
    public static readonly TimeSpan JudgedAfter = TimeSpan.FromSeconds(35);

    private const byte Expected = 1;
    private const byte Got = 2;

    private readonly Dictionary<long, Cast> _casts = [];
    private long _last;

    /// <summary>A number for the next broadcast, to be its first 8 bytes.</summary>
    /// <param name="origin">Who sends it.</param>
    /// <param name="targets">Members that it is to reach.</param>
    public long Next(int origin, out int targets)
    {
        var cast = new Cast(origin, new byte[world.Capacity]);
        targets = 0;
        for (var node = 0; node < world.Numbers; node++)
        {
            if (node != origin && world.IsMember(node) && !world.IsSuspended(node))
            {
                cast.Nodes[node] = Expected;
                targets++;
            }
        }

        _casts.Add(++_last, cast);
        return _last;
    }

    /// <summary>It did not begin.</summary>
    public void Forget(long number) => _casts.Remove(number);

    /// <summary>A broadcast ended at its origin.</summary>
    public void Completed(long number)
    {
        if (_casts.TryGetValue(number, out var cast))
        {
            cast.IsCompleted = true;
        }
    }

    /// <summary>A broadcast was delivered.</summary>
    public void Delivered(int node, BroadcastMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message.Bytes.Length < sizeof(long) || !_casts.TryGetValue(BinaryPrimitives.ReadInt64BigEndian(message.Bytes.Span), out var cast))
        {
            return;
        }

        checks.Looked(CheckKind.Broadcasts);
        if ((cast.Nodes[node] & Got) != 0)
        {
            checks.Violate(CheckKind.Broadcasts, $"a broadcast of #{cast.Origin} was delivered twice to {world.NameOf(node)}", node, cast.Origin);
        }

        cast.Nodes[node] |= Got;
    }

    /// <summary>A node ends: whoever gets its number next is another.</summary>
    public void Ended(int node)
    {
        foreach (var cast in _casts.Values)
        {
            cast.Nodes[node] = 0;
            cast.IsExcused |= cast.Origin == node && !cast.IsCompleted;
        }
    }

    /// <summary>A node lost all its neighbours and begins anew: it was no member throughout.</summary>
    public void Rejoins(int node)
    {
        foreach (var cast in _casts.Values)
        {
            cast.Nodes[node] &= Got;
        }
    }

    /// <summary>The life of a broadcast is over.</summary>
    /// <returns>How many members were there throughout, and how many of them got it; both 0 where nothing was promised.</returns>
    public (int Due, int Reached) Judge(long number)
    {
        if (!_casts.Remove(number, out var cast) || cast.IsExcused)
        {
            return default;
        }

        var (due, reached) = (0, 0);
        for (var node = 0; node < world.Numbers; node++)
        {
            if ((cast.Nodes[node] & Expected) == 0 || !world.IsMember(node))
            {
                continue;
            }

            due++;
            if ((cast.Nodes[node] & Got) != 0)
            {
                reached++;
            }
            else
            {
                checks.ViolateUnpaused(CheckKind.Broadcasts, $"a broadcast of #{cast.Origin} did not come to {world.NameOf(node)}, which was there all the time", node, cast.Origin);
            }
        }

        return (due, reached);
    }

    private sealed class Cast(int origin, byte[] nodes)
    {
        public int Origin => origin;

        /// <summary>For each number: expected, got.</summary>
        public byte[] Nodes => nodes;

        public bool IsCompleted { get; set; }

        public bool IsExcused { get; set; }
    }
}
