using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Commands;

/// <summary>Workload BARE: N messages that are always under way between N nodes without a protocol, so that only the engine is measured.</summary>
/// <remarks>
/// At time 0 each node sends a message to a random node; who receives one counts it and sends it on to a random node. Delays are whole milliseconds from 1 to 100, all alike.
/// The same draws in the same order for everything that plays it, so that equal hashes mean equal order.
/// </remarks>
internal abstract class BareWorkload
{
    /// <summary>Node × second of a run: 200 s of 10^4 nodes, 2 s of 10^6. About 39.6 million events.</summary>
    public const long NodeSeconds = 2_000_000;

    private const int LongestDelay = 100;
    private const long StepMilliseconds = 50;
    private const ulong HashFactor = 0x9E3779B97F4A7C15;

    private readonly long[] _received;
    private Prng _random;
    private ulong _hash;

    protected BareWorkload(int nodes, ulong seed)
    {
        _received = new long[nodes];
        _random = new Prng(seed);
        Milliseconds = Math.Clamp(NodeSeconds * 1000 / nodes, 1, 200_000);
    }

    /// <summary>Simulated time of a run.</summary>
    public long Milliseconds { get; }

    public long Events { get; private set; }

    /// <summary>A hash over time and receiver of every event, in order.</summary>
    public ulong Hash => new Prng(_hash).Next();

    /// <summary>Sum of what the nodes counted, which must be the number of events.</summary>
    public long Received => _received.Sum();

    public int Nodes => _received.Length;

    /// <summary>Plays the whole run, in steps so that the compiler replaces a first version of the loop by its best one.</summary>
    public void Play(Action<double>? progress)
    {
        for (var node = 0; node < Nodes; node++)
        {
            var (receiver, delay) = Draw(ref _random, Nodes);
            Send(delay, receiver, node);
        }

        for (var upTo = 0L; upTo < Milliseconds;)
        {
            upTo = Math.Min(upTo + StepMilliseconds, Milliseconds);
            Events += PlayUntil(upTo, _received, ref _random, ref _hash);
            progress?.Invoke((double)upTo / Milliseconds);
        }
    }

    /// <summary>How many events a run has in the mean, and how far seeds scatter around it.</summary>
    /// <remarks>Each message is a renewal process: the chance of an arrival in a millisecond is the mean of the chances in the 100 before it.</remarks>
    public static (double Mean, double Deviation) Expected(int nodes, long milliseconds)
    {
        var chances = new double[LongestDelay];
        chances[0] = 1;
        var (window, sum) = (1.0, 0.0);
        for (var now = 1L; now < milliseconds; now++)
        {
            var chance = window / LongestDelay;
            sum += chance;
            window += chance - chances[now % LongestDelay];
            chances[now % LongestDelay] = chance;
        }

        const double mean = (LongestDelay + 1) / 2.0;
        const double variance = ((LongestDelay * LongestDelay) - 1) / 12.0;
        return (nodes * sum, Math.Sqrt(nodes * milliseconds * variance / (mean * mean * mean)));
    }

    /// <summary>Puts a first message on its way.</summary>
    protected abstract void Send(int delay, int receiver, int message);

    /// <summary>Plays the events before a moment.</summary>
    protected abstract long PlayUntil(long milliseconds, long[] received, ref Prng random, ref ulong hash);

    /// <summary>One draw for both: the upper part of the product says who, what remains below says when.</summary>
    protected static (int Receiver, int Delay) Draw(ref Prng random, int nodes)
    {
        var receiver = (int)Math.BigMul(random.Next(), (ulong)nodes, out var rest);
        return (receiver, 1 + (int)Math.BigMul(rest, (ulong)LongestDelay, out _));
    }

    protected static ulong Mix(ulong hash, long milliseconds, int receiver) => (hash ^ ((ulong)milliseconds << 32) ^ (uint)receiver) * HashFactor;
}

/// <summary>The workload on the simulator's own queue.</summary>
internal sealed class BareOnQueue(int nodes, ulong seed) : BareWorkload(nodes, seed)
{
    private readonly WheelQueue _queue = new();

    protected override void Send(int delay, int receiver, int message) => _queue.Add(delay * TimeSpan.TicksPerMillisecond, 0, receiver, message);

    protected override long PlayUntil(long milliseconds, long[] received, ref Prng random, ref ulong hash)
    {
        var (queue, draws, mixed, events) = (_queue, random, hash, 0L);
        var last = (milliseconds * TimeSpan.TicksPerMillisecond) - 1;
        while (queue.TryTake(last, out var next))
        {
            received[next.Node]++;
            mixed = Mix(mixed, next.Ticks / TimeSpan.TicksPerMillisecond, next.Node);
            var (receiver, delay) = Draw(ref draws, received.Length);
            queue.Add(next.Ticks + (delay * TimeSpan.TicksPerMillisecond), next.Kind, receiver, next.Argument);
            events++;
        }

        (random, hash) = (draws, mixed);
        return events;
    }
}

/// <summary>The control: the least that could play the workload. A bucket each millisecond, first in first out, nothing else: no other time than whole milliseconds, no delay above 127.</summary>
internal sealed class BareOnWheel(int nodes, ulong seed) : BareWorkload(nodes, seed)
{
    private const int Buckets = 128;
    private readonly Message[][] _buckets = [.. Enumerable.Range(0, Buckets).Select(_ => new Message[16])];
    private readonly int[] _counts = new int[Buckets];
    private long _now;

    protected override void Send(int delay, int receiver, int message) => Append(delay, new Message(0, receiver, message));

    protected override long PlayUntil(long milliseconds, long[] received, ref Prng random, ref ulong hash)
    {
        var (draws, mixed, events) = (random, hash, 0L);
        for (; _now < milliseconds; _now++)
        {
            var now = _now;
            var bucket = (int)now & (Buckets - 1);
            foreach (ref readonly var next in _buckets[bucket].AsSpan(0, _counts[bucket]))
            {
                received[next.Node]++;
                mixed = Mix(mixed, now, next.Node);
                var (receiver, delay) = Draw(ref draws, received.Length);
                Append(now + delay, new Message(next.Kind, receiver, next.Argument));
                events++;
            }

            _counts[bucket] = 0;
        }

        (random, hash) = (draws, mixed);
        return events;
    }

    private void Append(long milliseconds, Message message)
    {
        var bucket = (int)milliseconds & (Buckets - 1);
        var messages = _buckets[bucket];
        var count = _counts[bucket];
        if (count == messages.Length)
        {
            Array.Resize(ref messages, count * 2);
            _buckets[bucket] = messages;
        }

        messages[count] = message;
        _counts[bucket] = count + 1;
    }

    private readonly record struct Message(int Kind, int Node, int Argument);
}
