using System.Numerics;

namespace Overlay.WebRtc.Sctp;

/// <summary>The association's own stock of byte arrays, in sizes of powers of two, so that the data path allocates nothing once warm.</summary>
/// <remarks>
/// Invariant: the bytes resting here never exceed <c>maxRetainedBytes</c>; what is returned beyond that is left to the collector.
/// Not shared between associations, so it needs no lock and a run stays deterministic.
/// </remarks>
internal sealed class BufferPool(int maxRetainedBytes)
{
    private const int SmallestShift = 6;
    private const int LargestShift = 20;

    private readonly Stack<byte[]>?[] _classes = new Stack<byte[]>?[LargestShift - SmallestShift + 1];

    /// <summary>Bytes resting in the pool.</summary>
    public int RetainedBytes { get; private set; }

    /// <summary>Bytes handed out and not yet returned, by size of array.</summary>
    public long RentedBytes { get; private set; }

    /// <summary>An array of at least <paramref name="minimumLength"/> bytes with arbitrary content.</summary>
    public byte[] Rent(int minimumLength)
    {
        var shift = ShiftFor(minimumLength);
        byte[] buffer;
        if (shift <= LargestShift && _classes[shift - SmallestShift] is { Count: > 0 } stock)
        {
            buffer = stock.Pop();
            RetainedBytes -= buffer.Length;
        }
        else
        {
            buffer = GC.AllocateUninitializedArray<byte>(shift <= LargestShift ? 1 << shift : minimumLength);
        }

        RentedBytes += buffer.Length;
        return buffer;
    }

    /// <summary>Takes back an array that <see cref="Rent"/> gave. The caller must not touch it again.</summary>
    public void Return(byte[] buffer)
    {
        RentedBytes -= buffer.Length;
        var shift = ShiftFor(buffer.Length);
        if (shift > LargestShift || RetainedBytes + buffer.Length > maxRetainedBytes)
        {
            return;
        }

        RetainedBytes += buffer.Length;
        (_classes[shift - SmallestShift] ??= new Stack<byte[]>()).Push(buffer);
    }

    /// <summary>Lets go of everything at rest: an idle association keeps no stock.</summary>
    public void Trim()
    {
        Array.Clear(_classes);
        RetainedBytes = 0;
    }

    private static int ShiftFor(int length) =>
        Math.Max(SmallestShift, BitOperations.Log2((uint)Math.Max(length, 1) - 1 | 1) + (length > 1 ? 1 : 0));
}
