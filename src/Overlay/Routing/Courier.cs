using Overlay.Effects;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Routing;

/// <summary>What a message of this node is to be like.</summary>
/// <param name="To">The destination, or the key.</param>
/// <param name="Payload">The content.</param>
public readonly record struct Letter(RingId To, Payload Payload)
{
    /// <summary>The anchor of a destination that is not a member.</summary>
    public RingId? Via { get; init; }

    /// <summary>The anchor through which this node wants to be answered; a member needs none, unless it cannot be reached by routing at the moment.</summary>
    public RingId? ReplyVia { get; init; }

    public MessageFlags Flags { get; init; }

    /// <summary>0: a new one.</summary>
    public ulong MessageId { get; init; }

    public TraceContext HopContext { get; init; }

    /// <summary>Signed even where it crosses one proved link only: the receiver may show it to others.</summary>
    public bool AlwaysSigned { get; init; }
}

/// <summary>Brings messages on their way: those of this node, and those that pass through it.</summary>
/// <remarks>
/// A member routes by itself. Who is not a member sends everything through its <em>uplink</em>: the first link to a member, or the hub session before there is one.
/// A message to a direct neighbour goes unsigned over the proved link; everything routed is signed.
/// </remarks>
public sealed class Courier(NodeContext context)
{
    /// <summary>How long a message is good for.</summary>
    public static readonly TimeSpan MessageLife = TimeSpan.FromSeconds(30);

    /// <summary>Messages of one step to this node itself; more are dropped, as <see cref="DropReason.QueueFull"/>.</summary>
    private const int MaxLocal = 256;

    private Queue<Message>? _local;
    private GuestTable? _guests;
    private bool _askedHub;

    /// <summary>The open hub session through which a newcomer or a guest is connected; default where there is none.</summary>
    public LinkId HubUplink { get; set; }

    /// <summary>The guests that this node is the gateway of, made with the first.</summary>
    public GuestTable Guests => _guests ??= new();

    /// <summary>The hub session is gone, and its guests with it.</summary>
    public void SessionEnded(LinkId session) => _guests?.SessionEnded(session);

    /// <summary>Whether <paramref name="member"/> speaks to this node over a hub session.</summary>
    public bool IsGuest(RingId member) => TryFindGuest(member, out _);

    /// <summary>The hub session over which a guest is reached.</summary>
    public bool TryFindGuest(RingId guest, out LinkId session)
    {
        session = default;
        return _guests?.TryFind(guest, out session) == true;
    }

    /// <summary>Sends a message of this node.</summary>
    /// <returns>Its id, and whether the first link that it crosses is a hub session.</returns>
    public (ulong MessageId, bool ByHub) Send(Instant now, in Letter letter)
    {
        var message = NewMessage(now, letter);
        return (message.MessageId, Dispatch(message, letter.AlwaysSigned, avoid: default));
    }

    /// <summary>
    /// Answers a message that came over <paramref name="cameBy"/>: like any other, but where greedy routing makes no progress from here, back the way it came. While
    /// links are missing (a founding mesh, a repair), that way is known to work.
    /// </summary>
    public (ulong MessageId, bool ByHub) Answer(Instant now, in Letter letter, LinkId cameBy)
    {
        var message = NewMessage(now, letter);
        if (context.IsMember && context.Links.Find(cameBy) is { IsSuspect: false } back && back.PeerId != letter.To)
        {
            var hop = context.NextHop(message);
            if (hop.Kind == HopKind.Drop || (hop.Kind == HopKind.Forward && hop.Phase != MessageFlags.None && context.Tree is null))
            {
                Put(message, new NextHop(HopKind.Forward, back, MessageFlags.None, DropReason.None), alwaysSigned: true);
                return (message.MessageId, false);
            }
        }

        return (message.MessageId, Dispatch(message, letter.AlwaysSigned, avoid: default));
    }

    /// <summary>Sends a message of this node, signed, with the link to <paramref name="via"/> as its first hop; where there is none, like any other.</summary>
    public (ulong MessageId, bool ByHub) SendThrough(Instant now, RingId via, in Letter letter)
    {
        var message = NewMessage(now, letter);
        if (context.Links.FindOpen(via) is { } link)
        {
            Put(message, new NextHop(HopKind.Forward, link, MessageFlags.None, DropReason.None), alwaysSigned: true);
            return (message.MessageId, false);
        }

        return (message.MessageId, Dispatch(message, alwaysSigned: true, avoid: default));
    }

    /// <summary>
    /// Sends a message of this node, signed, by <paramref name="way"/> and not over the direct link, whose working is in doubt: over the link to <paramref name="way"/>, which
    /// routes it on; without one to <paramref name="way"/>, which has a link to the destination.
    /// </summary>
    public void SendRound(Instant now, RingId way, in Letter letter)
    {
        if (context.Links.FindOpen(way) is { IsSuspect: false })
        {
            SendThrough(now, way, letter);
        }
        else
        {
            Dispatch(NewMessage(now, letter with { Via = way }), alwaysSigned: true, context.Links.FindOpen(letter.To)?.Id ?? default);
        }
    }

    /// <summary>Sends to the other end of a link, unsigned: the link was proved. Before it is, only the proof goes this way.</summary>
    public void SendOver(Instant now, LinkId link, RingId peer, Payload payload) => SendOver(now, link, context.Self.Id, peer, payload);

    /// <summary>Sends to the hub, over an open session.</summary>
    public void SendToHub(Instant now, LinkId session, Payload payload) => SendOver(now, session, default, default, payload);

    /// <summary>A body of this node, not signed yet.</summary>
    public SignedBody NewBody(Instant now, Payload payload) => new()
    {
        Instance = context.Self.Instance,
        ExpiresAt = now.UnixMilliseconds + (long)MessageLife.TotalMilliseconds,
        Payload = payload,
    };

    /// <summary>Sends a message of this node again, past <paramref name="avoid"/>: signed. Each try costs one of its hops, so there is a last one.</summary>
    public void Resend(in Message message, SignedBody body, LinkId avoid)
    {
        ArgumentNullException.ThrowIfNull(body);
        var again = Router.Anew(message) with
        {
            Body = new SignedBody { Instance = context.Self.Instance, ExpiresAt = body.ExpiresAt, Payload = body.Payload },
        };
        Dispatch(again, alwaysSigned: true, avoid);
    }

    /// <summary>
    /// Passes on a message that is not for this node. What cannot go on ends here; where its sender waits for an answer, it is told.
    /// </summary>
    public void Forward(Instant now, in Message message, in NextHop hop, LinkId from)
    {
        if (!TryLeave(message, hop, out var link, out var leaving, out var isWatched))
        {
            Undeliverable(now, message, hop.Kind == HopKind.ToGuest ? DropReason.GuestGone : hop.Reason, from);
            return;
        }

        context.Outbox.Observe(new Effect { Observation = Observation.Forwarded, Link = link, Message = leaving });
        context.Outbox.Send(link, leaving, isWatched);
    }

    /// <summary>Ends a message here and tells its sender, if that waits for an answer.</summary>
    public void Undeliverable(Instant now, in Message message, DropReason why, LinkId from)
    {
        context.Drop(why, message, from);
        if (message.Source == context.Self.Id)
        {
            Enqueue(message with { Kind = MessageKind.Unreachable, Destination = message.Source, HasDestinationVia = false, Body = Local(new Unreachable(message.MessageId, why)) });
        }
        else if (message.Kind == MessageKind.TraceRoute && context.IsAdmitted && context.Tracing.IsOn)
        {
            AnswerTrace(now, message, why);
        }
        else if (ExpectsAnswer(message) && context.IsAdmitted)
        {
            Send(now, new Letter(message.Source, new Unreachable(message.MessageId, why)) { Via = message.HasSourceVia ? message.SourceVia : null });
        }
    }

    /// <summary>A <see cref="TraceRoute"/> ends here: its sender is told the way so far, unless it asks too much.</summary>
    /// <param name="now">Now.</param>
    /// <param name="question">The question.</param>
    /// <param name="why">Why it ends; <see cref="DropReason.None"/>: it is where it was to go.</param>
    /// <param name="cameBy">The link it came over, where the answer may go back the same way.</param>
    public void AnswerTrace(Instant now, in Message question, DropReason why, LinkId cameBy = default)
    {
        if (!MessageCodec.TryOpen(question, out var body, out _) || body.Payload is not TraceRoute asked || !context.Tracing.MayAnswer(now, question.Source))
        {
            context.Drop(DropReason.Quota, question, cameBy);
            return;
        }

        var answer = new Letter(question.Source, context.Tracing.Answer(question, asked, why))
        {
            Via = question.HasSourceVia ? question.SourceVia : null,
            Flags = question.Flags & MessageFlags.RecordRoute,
            HopContext = question.HopContext,
        };
        Answer(now, answer, cameBy);
    }

    /// <summary>The next message of this step that this node sent to itself.</summary>
    public bool TryTakeLocal(out Message message)
    {
        message = default;
        if (_local is not { } queue || !queue.TryDequeue(out message))
        {
            return false;
        }

        _local = queue.Count == 0 ? null : queue;
        return true;
    }

    private static SignedBody Local(Payload payload) => new() { Instance = 0, ExpiresAt = long.MaxValue, Payload = payload };

    /// <summary>Messages whose sender waits; never an answer, or two nodes could answer each other for ever.</summary>
    private static bool ExpectsAnswer(in Message message) => message.Kind switch
    {
        MessageKind.Data => message.Has(MessageFlags.WantReceipt),
        MessageKind.Offer or MessageKind.ConnectionOffer or MessageKind.FindOwner or MessageKind.GetState or MessageKind.TraceRoute or MessageKind.GetCertificates
            or MessageKind.PutRecord or MessageKind.GetRecord or MessageKind.GuestSignal => true,
        _ => false,
    };

    private Message NewMessage(Instant now, in Letter letter)
    {
        var replyVia = letter.ReplyVia ?? AnchorInTree();
        return new()
        {
            Kind = letter.Payload.Kind,
            Flags = letter.Flags,
            HopsLeft = Message.HopBudget,
            HasSourceVia = replyVia is not null,
            HasDestinationVia = letter.Via is not null,
            Source = context.Self.Id,
            SourceVia = replyVia ?? default,
            Destination = letter.To,
            DestinationVia = letter.Via ?? default,
            MessageId = letter.MessageId != 0 ? letter.MessageId : context.NextMessageId(),
            HopContext = letter.HopContext,
            Body = NewBody(now, letter.Payload),
            Route = (letter.Flags & MessageFlags.RecordRoute) != 0 ? [] : null,
        };
    }

    /// <summary>A node without a parent is in nobody's table any more, and one with a new parent is not in all of them yet: it is answered through whoever passes its messages on.</summary>
    private RingId? AnchorInTree() => context.Tree is { } tree && tree.TryFindAnchor(context.Now, out var anchor) ? anchor : null;

    private void SendOver(Instant now, LinkId link, RingId source, RingId destination, Payload payload) =>
        context.Outbox.Send(link, new Message
        {
            Kind = payload.Kind,
            HopsLeft = 1,
            Source = source,
            Destination = destination,
            MessageId = context.NextMessageId(),
            Body = NewBody(now, payload),
        });

    private bool Dispatch(in Message message, bool alwaysSigned, LinkId avoid)
    {
        if (context.IsMember)
        {
            var hop = context.NextHop(message, avoid);
            Put(message, hop, alwaysSigned);
            return false;
        }

        if (message.Destination == context.Self.Id && message.IsExact)
        {
            Enqueue(message);
            return false;
        }

        if (!AsksHub(message) && Uplink(message, avoid) is { } link)
        {
            Put(message, new NextHop(HopKind.Forward, link, MessageFlags.None, DropReason.None), alwaysSigned);
            return false;
        }

        if (HubUplink == default)
        {
            Fail(message, DropReason.NoRoute);
            return false;
        }

        Sign(message);
        var leaving = message with { HopsLeft = (byte)(message.HopsLeft - 1) };
        context.Outbox.Send(HubUplink, leaving.HasTrail ? context.Tracing.Leaving(leaving, default, HubUplink, byHub: true) : leaving);
        return true;
    }

    /// <summary>
    /// Who looks for its place asks every other time where the hub points to: its own links may all lead to others that are cut off from the ring with it. Whoever fell out
    /// of the ring goes on by the way by which it asked.
    /// </summary>
    private bool AsksHub(in Message message)
    {
        if (HubUplink == default)
        {
            return false;
        }

        if (message.Kind == MessageKind.FindOwner)
        {
            _askedHub = !_askedHub;
            return _askedHub;
        }

        return _askedHub && context.Phase == NodePhase.Rejoin && context.Links.FindOpen(message.Destination) is null;
    }

    /// <summary>The way of a node that is not a member: straight to the destination, else by the member nearest to it.</summary>
    private Link? Uplink(in Message message, LinkId avoid)
    {
        if (message.IsExact && context.Links.FindOpen(message.Destination) is { } direct && direct.Id != avoid)
        {
            return direct;
        }

        return context.Links.FirstCounterClockwise(message.Target, new LinkChoice(avoid, Suspects: false))
            ?? context.Links.FirstCounterClockwise(message.Target, new LinkChoice(avoid, Suspects: true));
    }

    private void Put(in Message message, in NextHop hop, bool alwaysSigned)
    {
        if (hop.Kind == HopKind.Deliver)
        {
            Enqueue(message);
        }
        else if (!TryLeave(message, hop, out var link, out var leaving, out var isWatched))
        {
            Fail(message, hop.Kind == HopKind.ToGuest ? DropReason.GuestGone : hop.Reason);
        }
        else
        {
            if (alwaysSigned || !message.IsExact || hop.Link?.PeerId != message.Destination)
            {
                Sign(leaving);
            }

            context.Outbox.Send(link, leaving, isWatched);
        }
    }

    /// <summary>The link by which a message leaves, and how it looks there. False where it cannot.</summary>
    private bool TryLeave(in Message message, in NextHop hop, out LinkId link, out Message leaving, out bool isWatched)
    {
        leaving = message with
        {
            HopsLeft = (byte)(message.HopsLeft - 1),
            Flags = (message.Flags & ~Router.Phases) | hop.Phase,
        };
        link = hop.Link?.Id ?? default;
        isWatched = hop.Link is { } used && context.Used(used);
        var canLeave = hop.Kind == HopKind.Forward || (hop.Kind == HopKind.ToGuest && (hop.Link is not null || _guests?.TryFind(message.Destination, out link) == true));
        if (leaving.HasTrail && canLeave)
        {
            leaving = context.Tracing.Leaving(leaving, hop.Link?.PeerId ?? message.Destination, link, byHub: hop.Link is null);
        }

        return canLeave;
    }

    private void Sign(in Message message) => MessageSecurity.Sign(message, (SignedBody)message.Body!, context.Signing);

    private void Fail(in Message message, DropReason why)
    {
        context.Drop(why, message, default);
        Enqueue(message with
        {
            Kind = MessageKind.Unreachable,
            Destination = message.Source,
            HasDestinationVia = false,
            Flags = MessageFlags.None,
            Body = Local(new Unreachable(message.MessageId, why)),
        });
    }

    private void Enqueue(in Message message)
    {
        _local ??= new();
        if (_local.Count == MaxLocal)
        {
            context.Drop(DropReason.QueueFull, message, default);
            return;
        }

        _local.Enqueue(message);
    }
}
