using System.Buffers;
using System.IO.Pipelines;

namespace Overlay.Nodes.Bridging;

/// <summary>What passed between two ends.</summary>
/// <param name="There">Bytes from the first end to the second.</param>
/// <param name="Back">Bytes from the second end to the first.</param>
/// <param name="Failure">Why it ended, where that was not in good order.</param>
internal readonly record struct Pumped(long There, long Back, Exception? Failure);

/// <summary>Joins two ends: what comes from one goes to the other, both ways, until both directions have ended.</summary>
/// <remarks>
/// <para>Nothing is kept but what the two ends' own pipes hold, so whoever does not read holds the writer at the far end back.</para>
/// <para>The end of one direction is passed on, and the other goes on; an end that cannot do this ends as a whole. What breaks off at one end breaks off at the other, and
/// does not look like an end there.</para>
/// </remarks>
internal static class BytePump
{
    /// <summary>Runs until both directions have ended, and closes both ends.</summary>
    /// <param name="near">The first end; disposed of.</param>
    /// <param name="far">The second end; disposed of.</param>
    /// <param name="cancellationToken">Breaks both ends off.</param>
    public static async Task<Pumped> RunAsync(PumpEnd near, PumpEnd far, CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.Register(() =>
        {
            near.Abort();
            far.Abort();
        }).ConfigureAwait(false);
        var there = CopyAsync(near, far);
        var back = CopyAsync(far, near);
        await Task.WhenAll(there, back).ConfigureAwait(false);
        await near.DisposeAsync().ConfigureAwait(false);
        await far.DisposeAsync().ConfigureAwait(false);
        var ((sent, lost), (received, failed)) = (await there.ConfigureAwait(false), await back.ConfigureAwait(false));
        return new Pumped(sent, received, lost ?? failed);
    }

    private static async Task<(long Bytes, Exception? Failure)> CopyAsync(PumpEnd from, PumpEnd to)
    {
        var count = 0L;
        while (true)
        {
            ReadResult read;
            try
            {
                read = await from.Input.ReadAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                to.Abort();
                return (count, e);
            }

            try
            {
                var isTaken = await WriteAsync(read.Buffer, to.Output).ConfigureAwait(false);
                from.Input.AdvanceTo(read.Buffer.End);
                count += isTaken ? read.Buffer.Length : 0;
                if (read.IsCompleted || read.IsCanceled || !isTaken)
                {
                    await EndAsync(from, to).ConfigureAwait(false);
                    return (count, null);
                }
            }
            catch (Exception e)
            {
                // Nobody takes it any more; what comes the other way may still be of use, and tells when that is over too.
                await from.Input.CompleteAsync().ConfigureAwait(false);
                return (count, e);
            }
        }
    }

    /// <returns>Whether somebody still takes it.</returns>
    private static async ValueTask<bool> WriteAsync(ReadOnlySequence<byte> bytes, PipeWriter to)
    {
        if (bytes.IsEmpty)
        {
            return true;
        }

        foreach (var piece in bytes)
        {
            to.Write(piece.Span);
        }

        return !(await to.FlushAsync().ConfigureAwait(false)).IsCompleted;
    }

    private static async ValueTask EndAsync(PumpEnd from, PumpEnd to)
    {
        await to.EndAsync().ConfigureAwait(false);
        if (!to.HasHalfClose)
        {
            to.Input.CancelPendingRead(); // The other direction ends with this one.
        }
        else if (!from.HasHalfClose)
        {
            from.Input.CancelPendingRead();
        }
    }
}
