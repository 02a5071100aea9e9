namespace Overlay.Simulator.Network;

/// <summary>One direction of all nodes' access lines: a queue each, served at a fixed rate.</summary>
/// <remarks>
/// A line remembers one busy period, 16 bytes a node. Messages are put in when they are sent, so a receiver's line hears of them in that order, not
/// in order of arrival: what arrives before the busy period it knows goes ahead of it, and moves it back if it does not fit before.
/// </remarks>
internal sealed class AccessLine(long bytesPerSecond)
{
    private Busy[] _lines = [];

    /// <summary>Whether there is no limit.</summary>
    public bool IsFree => bytesPerSecond == 0;

    /// <summary>Puts a message into a node's line at <paramref name="now"/>.</summary>
    /// <returns>When its last byte is through, in ticks; −1 when the queue is longer than <paramref name="longest"/> ticks.</returns>
    public long Pass(int node, int bytes, long now, long longest)
    {
        if (IsFree)
        {
            return now;
        }

        if (node >= _lines.Length)
        {
            Array.Resize(ref _lines, Math.Max(node + 1, _lines.Length * 5 / 4));
        }

        ref var line = ref _lines[node];
        var length = Math.Max(1, (long)((Int128)bytes * TimeSpan.TicksPerSecond / bytesPerSecond));
        if (now >= line.To)
        {
            line = new Busy(now, now + length);
            return line.To;
        }

        if (now < line.From)
        {
            line = new Busy(now, line.To + Math.Max(0, now + length - line.From));
            return now + length;
        }

        if (line.To - now > longest)
        {
            return -1;
        }

        line = line with { To = line.To + length };
        return line.To;
    }

    private readonly record struct Busy(long From, long To);
}
