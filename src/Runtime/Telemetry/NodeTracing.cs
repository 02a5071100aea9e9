using System.Diagnostics;
using System.Globalization;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay.Runtime.Telemetry;

/// <summary>The spans of messages that pass this node. On the loop; the core knows of contexts as bytes only, and this makes spans of them.</summary>
/// <remarks>
/// A message that nobody traces carries no context, and is asked one question here. One that does is passed on as it came where nobody listens, or the budget is used up: so the
/// next hop that does listen continues the last one that did.
/// </remarks>
internal sealed class NodeTracing(NodeTelemetry telemetry, NodeClock clock)
{
    private const string System = "overlay";
    private static readonly string[] Forwards = Names("forward ");
    private static readonly string[] Answers = Names("answer ");

    private readonly TraceBudget _budget = new(telemetry);
    private TraceContext _cause;
    private TraceContext _arrived;
    private LinkId _from;
    private Instant _arrivedAt;
    private bool _isProved = true;
    private bool _isTraced;
    private bool _hasArrived;

    /// <summary>The context of the message that the present step began with.</summary>
    public TraceContext Arrived => _arrived;

    /// <summary>When that message came in.</summary>
    public Instant ArrivedAt => _arrivedAt;

    /// <summary>Whether the present step began with a message.</summary>
    public bool HasArrived => _hasArrived;

    private bool Strips => !telemetry.Options.HopContext;

    /// <summary>A step begins with a message.</summary>
    /// <param name="at">When its last bytes came in.</param>
    /// <param name="from">Over which link or session.</param>
    /// <param name="message">The message.</param>
    /// <param name="isProved">Whether the other end of the link has proved its id.</param>
    public void Begin(Instant at, LinkId from, in Message message, bool isProved)
    {
        (_arrivedAt, _hasArrived) = (at, true);
        if (!message.HopContext.IsNone && telemetry.IsListening)
        {
            (_arrived, _from, _isProved, _isTraced) = (message.HopContext, from, isProved, true);
        }
    }

    /// <summary>A step begins with something of the node's own, on behalf of a span.</summary>
    public void Begin(Instant now, in TraceContext cause) => (_cause, _arrivedAt, _isTraced) = (cause, now, true);

    /// <summary>The step is over.</summary>
    public void EndStep()
    {
        _hasArrived = false;
        if (_isTraced)
        {
            (_cause, _arrived, _from, _isProved, _isTraced) = (default, default, default, true, false);
        }
    }

    /// <summary>A link ended.</summary>
    public void Forget(LinkId link) => _budget.Forget(link);

    /// <summary>Whether <see cref="Leave"/> must look at a message.</summary>
    public bool Concerns(in Message message) => (!message.HopContext.IsNone || !_cause.IsNone) && (Strips || telemetry.IsListening);

    /// <summary>A message is about to leave.</summary>
    /// <param name="now">Now.</param>
    /// <param name="message">The message.</param>
    /// <param name="leaving">What is sent in its place: with the context of this hop's span, where there is one.</param>
    /// <returns>This hop's span, to be ended by <see cref="Left"/>.</returns>
    public Activity? Leave(Instant now, in Message message, out Message leaving)
    {
        leaving = message;
        Activity? span = null;
        var isOwn = message.Source == telemetry.Node || message.Source == default;
        if (!isOwn)
        {
            span = Forward(now, message);
        }
        else if (message.Kind >= MessageKind.FindOwner)
        {
            span = Speak(now, ref leaving);
        }

        if (span is { Recorded: true })
        {
            leaving = leaving with { HopContext = span.ToWire() };
        }

        if (Strips)
        {
            leaving = leaving with { HopContext = default };
        }

        return span;
    }

    /// <summary>The message has left, or not.</summary>
    public void Left(Activity? span, LinkId link, Ring.RingId next, string kind, DropReason reason, long queuedBytes)
    {
        if (span is null)
        {
            return;
        }

        span.SetTag("overlay.next.id", next.ToString());
        span.SetTag("overlay.link.kind", kind);
        span.SetTag("overlay.link", link.Value);
        span.SetTag("overlay.queue.bytes", queuedBytes);
        End(span, reason);
    }

    /// <summary>A message of others with a context ended here: its trace says why. The node's own is tried again, and has a span that says what came of it.</summary>
    public void Dropped(Instant now, in Effect effect)
    {
        if (effect.Message.Source != telemetry.Node && !effect.Message.HopContext.IsNone && telemetry.IsListening && Forward(now, effect.Message) is { } span)
        {
            End(span, effect.Drop);
        }
    }

    /// <summary>A message for the application came to its end. Its creation context was sealed and signed by its sender, so that is its parent; the last hop is a link.</summary>
    public Activity? Deliver(Instant now, in Message message)
    {
        if (message.Body is not SignedBody { Payload: Data data } || (data.CreationContext.IsNone && message.HopContext.IsNone) || !telemetry.IsListening)
        {
            return null;
        }

        if (!(data.CreationContext.IsSampled() || message.HopContext.IsSampled()) || (message.Source != telemetry.Node && !_budget.TryTake(now, _from)))
        {
            return null;
        }

        var span = telemetry.Start("process data", ActivityKind.Consumer, data.CreationContext.ToActivity(), message.HopContext.ToActivity(), clock.Wall(_arrivedAt));
        if (span is { IsAllDataRequested: true })
        {
            Describe(span, message, "process");
            span.SetTag("messaging.operation.type", "process");
            span.SetTag("messaging.message.body.size", data.Bytes.Length);
            span.SetTag("overlay.hop.count", Message.HopBudget - message.HopsLeft);
        }

        return span;
    }

    private Activity? Forward(Instant now, in Message message)
    {
        if (!message.HopContext.IsSampled() || !_budget.TryTake(now, _from))
        {
            return null;
        }

        _arrivedAt = _isTraced ? _arrivedAt : now; // Handed back by a link: it lay nowhere.
        var span = StartOfHop(Forwards[(byte)message.Kind], ActivityKind.Consumer, message.HopContext);
        if (span is { IsAllDataRequested: true })
        {
            Describe(span, message, "forward");
            span.SetTag("overlay.hop.index", Message.HopBudget - message.HopsLeft - 1);
            span.SetTag("overlay.hop.budget", (int)message.HopsLeft);
            span.SetTag("overlay.queue.duration", (now - _arrivedAt).TotalSeconds);
            span.SetTag("overlay.route.retry", message.Has(MessageFlags.Rerouted));
        }

        return span;
    }

    /// <summary>A message of this node: an answer continues what asked for it, anything else belongs to what caused it.</summary>
    private Activity? Speak(Instant now, ref Message leaving)
    {
        if (leaving.HopContext.IsNone)
        {
            leaving = leaving with { HopContext = _cause };
            return null;
        }

        // The question may have waited for its sender's certificate, so the step need not have begun with it.
        if (leaving.Kind is MessageKind.Data or MessageKind.Receipt || leaving.HopContext == _cause || !leaving.HopContext.IsSampled() || !_budget.TryTake(now, _from))
        {
            return null;
        }

        _arrivedAt = leaving.HopContext == _arrived ? _arrivedAt : now;
        var span = StartOfHop(Answers[(byte)leaving.Kind], ActivityKind.Server, leaving.HopContext);
        if (span is { IsAllDataRequested: true })
        {
            Describe(span, leaving, "answer");
        }

        return span;
    }

    /// <summary>A span of a message that came over a link: a child of the last hop's where that has proved who it is, else only linked to it.</summary>
    private Activity? StartOfHop(string name, ActivityKind kind, in TraceContext context)
    {
        var remote = context.ToActivity();
        return _isProved
            ? telemetry.Start(name, kind, remote, default, clock.Wall(_arrivedAt))
            : telemetry.Start(name, kind, default, remote, clock.Wall(_arrivedAt));
    }

    private static void Describe(Activity span, in Message message, string operation)
    {
        span.SetTag("messaging.system", System);
        span.SetTag("messaging.operation.name", operation);
        span.SetTag("messaging.message.id", message.MessageId.ToString("x16", CultureInfo.InvariantCulture));
        span.SetTag("overlay.message.kind", Words.Of(message.Kind));
        span.SetTag("overlay.source.id", message.Source.ToString());
        span.SetTag("overlay.target.id", message.Target.ToString());
    }

    private void End(Activity span, DropReason reason)
    {
        span.SetTag("overlay.outcome", reason == DropReason.None ? "sent" : "dropped");
        if (reason != DropReason.None)
        {
            NodeTelemetry.Fail(span, Words.Of(reason));
        }

        NodeTelemetry.End(span, clock.Provider.GetUtcNow());
    }

    private static string[] Names(string operation)
    {
        var names = new string[byte.MaxValue + 1];
        for (var kind = 0; kind < names.Length; kind++)
        {
            names[kind] = operation + Words.Of((MessageKind)kind);
        }

        return names;
    }
}
