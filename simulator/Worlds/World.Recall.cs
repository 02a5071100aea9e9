using Overlay.Messages;

namespace Overlay.Simulator.Worlds;

// A million nodes lie far apart in memory: what the next events will touch is asked for side by side, before the first of them comes.
public sealed partial class World
{
    private const int RecalledAtOnce = 16;

    private readonly OverlayNode[] _recalled = new OverlayNode[RecalledAtOnce];
    private long _read;

    private void RecallNext()
    {
        var ahead = _events.Ahead(RecalledAtOnce);
        var count = 0;
        foreach (ref readonly var next in ahead)
        {
            if (next.Node >= 0 && _nodes[next.Node] is { } node)
            {
                _recalled[count++] = node;
            }
        }

        foreach (ref readonly var next in ahead)
        {
            if (next.Kind == (int)EventKind.Deliver && _inFlight.At(next.Argument).Message.Body is SignedBody body)
            {
                _read += body.Signature.Length;
            }
        }

        _read += OverlayNode.Recall(_recalled.AsSpan(0, count));
    }
}
