using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Overlay.Status.Feed;

/// <summary>Writes server-sent events (HTML standard §9.2.6) to one viewer.</summary>
/// <remarks>
/// <code>
/// retry: 1000          id: run-number            id: run-number            : (a comment, so that a dead connection is noticed)
///                      event: snapshot           event: delta
///                      data: {…}                 data: {…}
/// </code>
/// </remarks>
internal sealed class EventStream(PipeWriter output, StatusFeed feed)
{
    private bool _hasBegun;

    /// <summary>Writes what a viewer is to be told that has seen change number <paramref name="seen"/>.</summary>
    /// <returns>What it has seen then.</returns>
    public long Write(long seen, List<byte[]> frames, out Task news)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            Write("retry: 1000\n\n");
        }

        var last = feed.Read(seen, frames, out var snapshot, out news);
        if (snapshot is not null)
        {
            Write("snapshot", last, snapshot);
            return last;
        }

        for (var i = 0; i < frames.Count; i++)
        {
            Write("delta", last - frames.Count + 1 + i, frames[i]);
        }

        return last;
    }

    public void WriteHeartbeat() => Write(":\n\n");

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var result = await output.FlushAsync(cancellationToken);
        if (result.IsCompleted)
        {
            throw new OperationCanceledException("The viewer is gone.");
        }
    }

    private void Write(string kind, long number, byte[] json)
    {
        Write($"id: {feed.NameOf(number)}\nevent: {kind}\ndata: ");
        output.Write(json); // One line: the writer of JSON breaks none.
        Write("\n\n");
    }

    private void Write(string text) => output.Write(Encoding.ASCII.GetBytes(text));
}
