using Overlay.Chord;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Names: records at the member responsible for SHA-256(name), copies at its replicas.</summary>
public sealed partial class OverlayNode : IArcContents, INamePlacement
{
    /// <summary>How much farther than its share a member may once have answered: a part of a split network has fewer members, each with a longer arc.</summary>
    private const ulong PlausibleShares = 64;

    private bool _isPlacementNew;

    /// <summary>Names that this node keeps, copies for others included.</summary>
    public int RecordCount => _names?.RecordCount ?? 0;

    /// <summary>Whether this node keeps a name, live, as its keeper or as a copy.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="mark">The name's mark, <see cref="NodeName.MarkOf"/>.</param>
    public bool KeepsName(Instant now, ulong mark) => _names?.Keeps(now, mark) ?? false;

    RingId IArcContents.CopyUpper(in RingArc arc, int max, ICollection<NameEntry> into) => _names?.CopyUpper(arc, max, into) ?? arc.After;

    void IArcContents.Adopt(Instant now, IReadOnlyList<NameEntry> records)
    {
        if (records.Count > 0)
        {
            Names.Adopt(now, records);
        }
    }

    void IArcContents.Forget(in RingArc arc) => _names?.Forget(arc);

    bool INamePlacement.Owns(RingId key) => OwnsKey(key);

    bool INamePlacement.IsSettledFor(Instant now, RingId key) => true; // An arc comes with its records.

    TimeSpan? INamePlacement.OfferAfter => null;

    bool INamePlacement.IsHandedDown(RingId key) => false;

    int INamePlacement.CopyReplicas(Span<RingId> into)
    {
        var count = 0;
        foreach (ref readonly var successor in Successors)
        {
            if (count < into.Length)
            {
                into[count++] = successor.Id;
            }
        }

        return count;
    }

    bool INamePlacement.IsPlausibleKeeper(RingId key, RingId node)
    {
        var successors = Successors;
        if (Phase != NodePhase.Member || successors.Length < _context.Options.SuccessorListLength)
        {
            return true; // Everybody is near.
        }

        var share = Self.Id.ClockwiseTo(successors[^1].Id) / (ulong)successors.Length;
        return key.ClockwiseTo(node) / PlausibleShares <= share;
    }

    /// <summary>Registers a name for this node and keeps it refreshed. Result: the <see cref="NameEntry"/>, with its fencing epoch.</summary>
    public RequestId Register(Instant now, string name, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (TryBegin(now, outbox, out var request))
        {
            Names.Register(now, request, name);
        }

        Settle(now);
        return request;
    }

    /// <summary>Asks who holds a name. Result: the <see cref="NameEntry"/>, with its fencing epoch.</summary>
    public RequestId Resolve(Instant now, string name, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (TryBegin(now, outbox, out var request))
        {
            Names.Resolve(now, request, name);
        }

        Settle(now);
        return request;
    }

    /// <summary>Gives a name of this node up: anybody may take it at once.</summary>
    public RequestId Unregister(Instant now, string name, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (TryBegin(now, outbox, out var request))
        {
            Names.Unregister(now, request, name);
        }

        Settle(now);
        return request;
    }

    /// <summary>
    /// Watches a name. Result: the <see cref="NameEntry"/> that is kept now, null where there is none. Each later change is an <see cref="EffectKind.NameChanged"/> effect with
    /// the same request: at once where its keeper lives, at the latest after <see cref="OverlayOptions.NameRefreshPeriod"/>.
    /// </summary>
    public RequestId Watch(Instant now, string name, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (TryBegin(now, outbox, out var request))
        {
            Names.Watch(now, request, name);
        }

        Settle(now);
        return request;
    }

    /// <summary>No longer watches a name.</summary>
    public RequestId Unwatch(Instant now, string name, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (TryBegin(now, outbox, out var request))
        {
            Names.Unwatch(now, request, name);
        }

        Settle(now);
        return request;
    }

    private void ReceiveName(Instant now, in Arrival arrival)
    {
        var asker = new NameAsker(arrival.Message.Source, arrival.ReplyVia, arrival.Link);
        switch (arrival.Payload)
        {
            case PutRecord put when IsForItsKeeper(arrival.Message, put.Record.Name):
                Names.OnQuestion(now, asker, put);
                break;
            case GetRecord question when IsForItsKeeper(arrival.Message, question.Name):
                Names.OnQuestion(now, asker, question);
                break;
            case WatchName watch when IsForItsKeeper(arrival.Message, watch.Name):
                Names.OnQuestion(now, asker, watch);
                break;
            case PutRecord or GetRecord or WatchName:
                break; // They come to the member responsible for their name, never to a chosen one.
            case Replicate replicate:
                Names.OnReplicate(now, asker, replicate, isOffer: arrival.Message.Has(MessageFlags.Responsible));
                break;
            case NameDigest:
                Names.OnAnswer(now, asker.Id, arrival.Payload); // Also to a node that keeps nothing yet.
                break;
            default:
                _names?.OnAnswer(now, asker.Id, arrival.Payload);
                break;
        }
    }

    private static bool IsForItsKeeper(in Message message, string name) =>
        message.Has(MessageFlags.Responsible) && NodeName.KeyOf(name) == message.Destination;

    private bool SettleNames(Instant now)
    {
        if (_names is not { } names)
        {
            return false;
        }

        if (_isPlacementNew)
        {
            _isPlacementNew = false;
            names.PlacementChanged(now);
            if (_treePlacement?.TakeUpheaval() == true)
            {
                names.Doubt(now);
            }
        }

        var moved = false;
        while (names.TryTakeReply(now, out var reply))
        {
            moved = true;
            _courier.Answer(now, new Letter(reply.To.Id, GuestIds.IsGuest(reply.To.Id) ? Shown(reply.Payload) : reply.Payload) { Via = reply.To.Via }, reply.To.Link);
        }

        while (names.TryTakeResult(out var result))
        {
            moved = true;
            Tell(result);
        }

        return moved;
    }

    /// <summary>A hub that asks for its page knows few members: who answers it shows who it is.</summary>
    private Payload Shown(Payload answer) => answer switch
    {
        RecordStored stored => stored with { Certificate = Self.Certificate },
        RecordAnswer record => record with { Certificate = Self.Certificate },
        _ => answer,
    };

    private void Tell(in NameResult result)
    {
        switch (result.Kind)
        {
            case NameResultKind.Lost:
                _context.Outbox.Observe(new Effect { Observation = Observation.NameLost, Detail = result.Entry?.Record });
                break;
            case NameResultKind.Changed:
                _context.Outbox.Add(new Effect
                {
                    Kind = EffectKind.NameChanged,
                    Detail = new NameChange(result.Name, result.Entry),
                    Message = new() { MessageId = (ulong)result.Request.Value },
                });
                break;
            default:
                _context.Outbox.Completed(result.Request, result.Outcome, result.Entry);
                break;
        }
    }
}
