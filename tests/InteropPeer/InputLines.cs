using System.Collections.Concurrent;

namespace Overlay.InteropPeer;

/// <summary>Reads stdin on a thread of its own, since a read cannot be waited for together with sockets.</summary>
internal sealed class InputLines(TextReader reader, WakeSocket wake)
{
    /// <summary>Far above any SDP; a longer line is cut there and then fails to parse.</summary>
    private const int MaxLineChars = 1 << 20;

    private readonly ConcurrentQueue<string> _lines = new();
    private volatile bool _isAtEnd;

    /// <summary>Whether stdin has ended and every line was taken.</summary>
    public bool IsExhausted => _isAtEnd && _lines.IsEmpty;

    public void Start() => new Thread(Read) { IsBackground = true, Name = "stdin" }.Start();

    public bool TryTake(out string line) => _lines.TryDequeue(out line!);

    private void Read()
    {
        try
        {
            while (reader.ReadLine() is { } line)
            {
                _lines.Enqueue(line.Length <= MaxLineChars ? line : line[..MaxLineChars]);
                wake.Wake();
            }
        }
        catch (IOException)
        {
            // A broken pipe is an end of input like any other.
        }

        _isAtEnd = true;
        wake.Wake();
    }
}
