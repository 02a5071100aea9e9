using System.Globalization;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Runtime;
using Overlay.Runtime.Telemetry;

namespace Overlay.Benchmarks;

/// <summary>A member with 24 links on a ring of about a million, and a stream of sealed, signed messages on their way to random places.</summary>
internal sealed class ForwardingNode
{
    private const int LinkCount = 24;
    private const int MessageCount = 1024;
    private const int ApplicationBytes = 256;

    private readonly LinkTable _links = new(OverlayOptions.Default.MaxLinks, OverlayOptions.Default.MaxSetUps);
    private readonly byte[][] _messages = new byte[MessageCount][];
    private readonly byte[] _destination = new byte[2048];
    private readonly EncodedBody _body = new();
    private readonly RingView _view;
    private int _next;

    public ForwardingNode(bool isTraced = true)
    {
        var prng = new Prng(1);
        var self = RingId.From(prng.Next());
        var gap = RingId.RingSize >> 20; // The mean distance of neighbours among a million members.
        Add(self.Plus(gap));
        Add(self.Plus(2 * gap));
        Add(self.Plus(RingId.RingSize - gap));
        Add(self.Plus(RingId.RingSize - (2 * gap)));
        for (var row = RingId.Bits - 1; _links.OpenCount < LinkCount; row--)
        {
            Add(self.FingerStart(row).Plus(prng.Next() % gap));
        }

        var arc = RingArc.Between(self.Plus(RingId.RingSize - gap), self);
        _view = new(self, arc, arc, self.Plus(gap));
        for (var i = 0; i < MessageCount; i++)
        {
            _messages[i] = Draw(ref prng, isTraced);
        }
    }

    public int Links => _links.OpenCount;

    public int MessageBytes => _messages[0].Length;

    /// <summary>One hop as the node takes it: envelope → message, next hop, message → bytes for the next link.</summary>
    public int ForwardMessage()
    {
        var bytes = _messages[_next++ & (MessageCount - 1)];
        if (!MessageCodec.TryRead(bytes, _body, out var message))
        {
            return 0;
        }

        var hop = Router.NextHop(_view, _links, message);
        return hop.Kind == HopKind.Forward ? MessageCodec.Write(message with { HopsLeft = (byte)(message.HopsLeft - 1) }, _destination) : 0;
    }

    /// <summary>The same with what the loop of a node does for telemetry at each hop.</summary>
    public int ForwardMessage(NodeTracing tracing, NodeCounters counters, NodeTelemetry telemetry)
    {
        var bytes = _messages[_next++ & (MessageCount - 1)];
        if (!MessageCodec.TryRead(bytes, _body, out var message))
        {
            return 0;
        }

        tracing.Begin(default, new LinkId(1), message, isProved: true);
        var hop = Router.NextHop(_view, _links, message);
        var length = 0;
        if (hop.Kind == HopKind.Forward)
        {
            var leaving = message with { HopsLeft = (byte)(message.HopsLeft - 1) };
            var span = tracing.Concerns(leaving) ? tracing.Leave(default, leaving, out leaving) : null;
            length = MessageCodec.Write(leaving, _destination);
            counters.CountSent(leaving.Kind, isOwn: false, length);
            if (telemetry.Meter is { WantsQueues: true } meter)
            {
                meter.LeftQueue(default);
            }

            tracing.Left(span, default, default, "direct", DropReason.None, 0);
        }

        tracing.EndStep();
        return length;
    }

    /// <summary>One hop on the bytes themselves: header, next hop, header rewritten before the same body.</summary>
    public int ForwardBytes()
    {
        var bytes = _messages[_next++ & (MessageCount - 1)];
        if (!EnvelopeHeader.TryRead(bytes, out var header))
        {
            return 0;
        }

        var message = new Message
        {
            Flags = header.Flags,
            HopsLeft = header.HopsLeft,
            Destination = header.Destination,
            DestinationVia = header.DestinationVia,
            HasDestinationVia = header.HasDestinationVia,
        };
        var hop = Router.NextHop(_view, _links, message);
        header.HopsLeft--;
        return hop.Kind == HopKind.Forward ? header.Forward(bytes, _view.Self, _destination) : 0;
    }

    private static byte[] Draw(ref Prng prng, bool isTraced)
    {
        var sealedBytes = new byte[ApplicationBytes + 93];
        sealedBytes.AsSpan().Fill((byte)prng.Next());
        return MessageCodec.Encode(new Message
        {
            Kind = MessageKind.Data,
            Flags = MessageFlags.Sealed | MessageFlags.WantReceipt | MessageFlags.Responsible,
            HopsLeft = Message.HopBudget,
            Source = RingId.From(prng.Next()),
            Destination = RingId.From(prng.Next()),
            MessageId = prng.Next() & 0xFFFF,
            HopContext = isTraced ? new(prng.Next(), prng.Next(), prng.Next(), 1) : default,
            Body = new SignedBody
            {
                Instance = 1_767_225_600_000,
                ExpiresAt = 1_767_225_610_000,
                Signature = new byte[ISigning.SignatureBytes],
                Payload = new SealedData(sealedBytes),
            },
        });
    }

    private void Add(RingId peer)
    {
        var setUp = new LinkSetUp(new LinkId(_links.OpenCount + 1), peer, isIncoming: false) { PeerPhase = NodePhase.Member };
        if (!_links.TryAddSetUp(setUp) || !_links.TryOpen(default, setUp, out _))
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{peer} is there twice"));
        }
    }
}
