using System.Security.Cryptography;
using Overlay.Ring;
using Overlay.Runtime;

namespace Overlay.Nodes.Hosting.Health;

/// <summary>How a probe ended.</summary>
/// <param name="Member">Who answered; null: nobody did.</param>
/// <param name="Took">How long it took: the probe that came back, or all of them.</param>
/// <param name="Probes">How many were sent.</param>
/// <param name="Cause">Why the last one did not come back.</param>
internal sealed record ProbeFinding(RingId? Member, TimeSpan Took, int Probes, string? Cause);

/// <summary>Asks who is responsible for an id at random: a question that other members route there, and an answer that they route back.</summary>
/// <param name="self">The node.</param>
/// <param name="lookup">Asks who is responsible.</param>
/// <param name="time">The clock.</param>
internal sealed class RoutedProbe(RingId self, Func<RingId, CancellationToken, Task<RingId>> lookup, TimeProvider time)
{
    /// <summary>A node that is responsible for so many ids at random, one after the other, has hardly anybody beside it.</summary>
    private const int MaxOwn = 64;

    /// <summary>Sends up to <paramref name="probes"/>, until one comes back.</summary>
    public async Task<ProbeFinding> RunAsync(int probes, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var cause = "";
        for (var sent = 1; sent <= probes; sent++)
        {
            var began1 = time.GetTimestamp();
            try
            {
                using var patience = new CancellationTokenSource(timeout, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
                if (await ReachAsync(either.Token).ConfigureAwait(false) is { } member)
                {
                    return new ProbeFinding(member, time.GetElapsedTime(began1), sent, null);
                }

                cause = "every id that was tried is this node's own";
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                cause = $"no answer within {timeout.TotalSeconds:0.###} s";
            }
            catch (OverlayException e)
            {
                cause = e.Reason == OverlayError.Command ? e.Outcome.ToString() : e.Reason.ToString();
            }
        }

        return new ProbeFinding(null, time.GetElapsedTime(began), probes, cause);
    }

    /// <summary>Ids that are this node's own are answered on the spot, so it tries on until one is somebody else's.</summary>
    private async Task<RingId?> ReachAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < MaxOwn; i++)
        {
            var owner = await lookup(Draw(), cancellationToken).ConfigureAwait(false);
            if (owner != self)
            {
                return owner;
            }
        }

        return null;
    }

    /// <summary>An id that nobody can foresee: a neighbour that knew it could answer these and drop the rest.</summary>
    private static RingId Draw()
    {
        Span<byte> drawn = stackalloc byte[8];
        RandomNumberGenerator.Fill(drawn[2..]);
        return RingId.From(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(drawn));
    }
}
