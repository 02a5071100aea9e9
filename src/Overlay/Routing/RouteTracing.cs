using Overlay.Effects;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Routing;

/// <summary>What this node says of itself on the trails of <see cref="TraceRoute"/>s that pass, and where they end.</summary>
/// <remarks>
/// A trail grows by one record a hop, within the message that crosses it anyway: nothing is sent because of it, and there is one answer to one question. Each origin has
/// <see cref="PerSecond"/> questions at each node; what is beyond passes without a record, and is not answered at its end.
/// </remarks>
public sealed class RouteTracing(NodeContext context)
{
    /// <summary>Questions of one origin that a node has something to say to, in a second.</summary>
    public const int PerSecond = 20;

    /// <summary>Origins that may be asking at the same time; questions of one more are passed on without a word.</summary>
    public const int MaxOrigins = 64;

    private RareList<(RingId Origin, TokenBucket Left)> _origins;

    /// <summary>Whether this node answers diagnostics at all.</summary>
    public bool IsOn => context.Options.AnswersDiagnostics;

    /// <summary>Whether it still does for <paramref name="origin"/>.</summary>
    public bool MayAnswer(Instant now, RingId origin)
    {
        if (!IsOn)
        {
            return false;
        }

        for (var i = 0; i < _origins.Count; i++)
        {
            if (_origins[i].Origin == origin)
            {
                return _origins[i].Left.TryTake(now, PerSecond);
            }
        }

        if (_origins.Count == MaxOrigins)
        {
            _origins.RemoveAll(one => one.Left.IsFull(now));
        }

        if (_origins.Count == MaxOrigins)
        {
            return false;
        }

        var bucket = default(TokenBucket);
        bucket.TryTake(now, PerSecond);
        _origins.Add((origin, bucket));
        return true;
    }

    /// <summary>A traced message as it leaves: with this node's record, where it answers diagnostics. One that comes back for another try has the record changed.</summary>
    /// <param name="message">The message.</param>
    /// <param name="next">To whom it goes; default: whomever the hub chooses.</param>
    /// <param name="link">By what.</param>
    /// <param name="byHub">Whether that is a session with a hub.</param>
    public Message Leaving(in Message message, RingId next, LinkId link, bool byHub)
    {
        var isAgain = message.Trail is [.., var last] && last.Hop == context.Self.Id;
        if (!isAgain && !(message.Source == context.Self.Id ? IsOn : MayAnswer(context.Now, OriginOf(message))))
        {
            return message;
        }

        var decision = byHub ? RouteDecision.Hub : DecisionFor(next);
        var record = new HopRecord(context.Self.Id, next, decision, message.Has(MessageFlags.Rerouted), HeldOf(message), context.Gauges?.Of(link) ?? LinkGauge.Unknown);
        return message with { Trail = Append(message.Trail ?? [], record, isAgain) };
    }

    /// <summary>The answer to a question that ends here, for <paramref name="reason"/> or because it is at its target.</summary>
    public TracedRoute Answer(in Message question, TraceRoute asked, DropReason reason)
    {
        var trail = question.Trail ?? [];
        var decision = reason == DropReason.None ? RouteDecision.Local : RouteDecision.Drop;
        var last = new HopRecord(context.Self.Id, context.Self.Id, decision, question.Has(MessageFlags.Rerouted), HeldOf(question), LinkGauge.Unknown);
        return new(asked.Nonce, reason, question.Route ?? [], Append(trail, last, replaces: false), context.Departures.Find(context.Now, question.Destination))
        {
            Certificate = asked.Certificate is null ? null : context.Self.Certificate,
        };
    }

    /// <summary>An answer is on behalf of who asked: its way back costs that one.</summary>
    private static RingId OriginOf(in Message message) => message.Kind == MessageKind.TraceRoute ? message.Source : message.Destination;

    private TimeSpan? HeldOf(in Message message) =>
        context.Gauges is { } gauges && message.Source != context.Self.Id ? context.Now - gauges.ArrivedAt(context.Now) : null;

    private RouteDecision DecisionFor(RingId next) =>
        context.Tree is { } tree ? (next == tree.Parent?.Id ? RouteDecision.Parent : HasChild(tree, next) ? RouteDecision.Child : RouteDecision.Shortcut)
        : next == context.View.Successor ? RouteDecision.Successor
        : context.View.Place.Length > 0 && context.View.Place.After == next ? RouteDecision.Predecessor
        : context.Links.FindOpen(next) is { } link && (link.Purpose & LinkPurpose.Finger) != 0 ? RouteDecision.Finger
        : context.Links.FindOpen(next) is { } other && (other.Purpose & LinkPurpose.Ring) != 0 ? RouteDecision.Successor
        : RouteDecision.Shortcut;

    private static bool HasChild(Tree.OverlayTree tree, RingId id)
    {
        foreach (var child in tree.Children)
        {
            if (child == id)
            {
                return true;
            }
        }

        return false;
    }

    private static HopRecord[] Append(HopRecord[] trail, in HopRecord record, bool replaces)
    {
        if (!replaces && trail.Length >= HopRecord.MaxRecords)
        {
            return trail;
        }

        var longer = new HopRecord[replaces ? trail.Length : trail.Length + 1];
        Array.Copy(trail, longer, replaces ? trail.Length - 1 : trail.Length);
        longer[^1] = record;
        return longer;
    }
}
