using System.Globalization;

namespace Overlay.Status.Feed;

/// <summary>The last changes of the picture, numbered, so that a viewer that was away for a moment goes on where it was. Not for several threads.</summary>
/// <remarks>Bounded in bytes: the oldest give way, and who has not seen them is given the whole picture. So a slow viewer costs no memory of its own.</remarks>
internal sealed class FrameTail(int maxBytes, long epoch)
{
    private readonly Queue<byte[]> _frames = new();
    private long _bytes;

    /// <summary>The number of the last change.</summary>
    public long Last { get; private set; }

    private long First => Last - _frames.Count + 1;

    /// <summary>One more change.</summary>
    public void Add(byte[] frame)
    {
        Last++;
        _frames.Enqueue(frame);
        _bytes += frame.Length;
        while (_bytes > maxBytes)
        {
            _bytes -= _frames.Dequeue().Length;
        }
    }

    /// <summary>The changes after number <paramref name="seen"/>; false where some of them are kept no more.</summary>
    public bool TryReadAfter(long seen, List<byte[]> frames)
    {
        frames.Clear();
        if (seen < First - 1 || seen > Last)
        {
            return false;
        }

        frames.AddRange(_frames.Skip((int)(seen - (First - 1))));
        return true;
    }

    /// <summary>The name of a change on the wire: of this run of the server, and its number.</summary>
    public string NameOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{epoch:x}-{number}");

    /// <summary>Reads the name that a viewer says it saw last; false where it is none of this run.</summary>
    public bool TryParse(string? name, out long number)
    {
        number = 0;
        return name?.Split('-') is [var run, var text]
            && run == epoch.ToString("x", CultureInfo.InvariantCulture)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
