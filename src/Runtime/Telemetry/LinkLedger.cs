using System.Diagnostics;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Runtime.Telemetry;

/// <summary>The set-ups of links, phase by phase, and the links that came of them: what their durations and spans are made of. On the loop.</summary>
/// <remarks>One entry for each link from the wish to its end, so as many as the node allows links and set-ups.</remarks>
internal sealed class LinkLedger(NodeTelemetry telemetry, NodeCounters counters, NodeClock clock)
{
    private readonly Dictionary<LinkId, Entry> _entries = [];

    /// <summary>The context of a link's set-up, for its signals; none where it is not recorded.</summary>
    public TraceContext ContextOf(LinkId link) => _entries.TryGetValue(link, out var entry) ? entry.Span.ToWire() : default;

    /// <summary>The host opens the connection. An offer's own context travels outside of what its sender signed: it is linked to, and is nobody's parent.</summary>
    public void Opening(Instant now, in Effect effect, TraceContext offer)
    {
        var entry = EntryOf(now, effect.Link);
        if (!telemetry.IsListening || entry.Span is not null)
        {
            return;
        }

        var isOffer = effect.Detail is null;
        entry.Span = telemetry.Start(isOffer ? "link connect" : "link accept", ActivityKind.Internal, default, offer.ToActivity(), clock.Wall(entry.BeganAt));
        entry.Span?.SetTag("overlay.target.id", effect.Peer.ToString());
    }

    /// <summary>A link reached a phase.</summary>
    public void Reached(in NodeObservation seen, bool isDirect)
    {
        var entry = EntryOf(seen.At, seen.Link);
        if (seen.LinkPhase == entry.Phase || entry.IsOpen)
        {
            return;
        }

        EndPhase(entry, seen.At);
        (entry.Phase, entry.PhaseAt) = (seen.LinkPhase, seen.At);
        if (seen.LinkPhase == LinkPhase.Open)
        {
            (entry.IsOpen, entry.IsDirect) = (true, isDirect);
            counters.CountLinks(isDirect ? 1 : 0, isDirect ? 0 : 1, -1);
            EndSetUp(entry, seen, isDirect);
        }
    }

    /// <summary>A link or its set-up ended.</summary>
    public void Ended(in NodeObservation seen)
    {
        if (!_entries.Remove(seen.Link, out var entry))
        {
            return;
        }

        if (entry.IsOpen)
        {
            counters.CountLinks(entry.IsDirect ? -1 : 0, entry.IsDirect ? 0 : -1, 0);
            return;
        }

        counters.CountLinks(0, 0, -1);
        EndPhase(entry, seen.At);
        EndSetUp(entry, seen, isDirect: true);
    }

    private Entry EntryOf(Instant now, LinkId link)
    {
        if (!_entries.TryGetValue(link, out var entry))
        {
            _entries[link] = entry = new Entry { BeganAt = now, PhaseAt = now };
            counters.CountLinks(0, 0, 1);
        }

        return entry;
    }

    private void EndPhase(Entry entry, Instant now)
    {
        telemetry.Meter?.PhaseEnded(entry.Phase, now - entry.PhaseAt);
        if (entry.Span is { Recorded: true } span
            && telemetry.Start("link " + Words.Of(entry.Phase), ActivityKind.Internal, span.Context, default, clock.Wall(entry.PhaseAt)) is { } phase)
        {
            NodeTelemetry.End(phase, clock.Wall(now));
        }
    }

    private void EndSetUp(Entry entry, in NodeObservation seen, bool isDirect)
    {
        telemetry.Meter?.SetUpEnded(seen.LinkPhase, seen.Failure, seen.At - entry.BeganAt, isDirect);
        if (entry.Span is not { } span)
        {
            return;
        }

        entry.Span = null;
        span.SetTag("overlay.target.id", seen.Peer.ToString());
        span.SetTag("overlay.link.purpose", seen.Purpose.ToString());
        span.SetTag("overlay.outcome", seen.LinkPhase == LinkPhase.Open ? "open" : Words.Of(seen.Failure));
        if (seen.LinkPhase == LinkPhase.Open)
        {
            span.SetTag("overlay.link.kind", isDirect ? "direct" : "relay");
        }
        else if (IsError(seen.Failure))
        {
            span.SetTag("overlay.link.phase", Words.Of(seen.LinkPhase));
            NodeTelemetry.Fail(span, Words.Of(seen.Failure));
        }

        NodeTelemetry.End(span, clock.Wall(seen.At));
    }

    /// <summary>A set-up that another one replaced, or that nobody needs any more, has not failed.</summary>
    private static bool IsError(LinkFailure why) =>
        why is not (LinkFailure.None or LinkFailure.Unneeded or LinkFailure.Duplicate or LinkFailure.Superseded or LinkFailure.Leaving or LinkFailure.Preempted);

    private sealed class Entry
    {
        public Instant BeganAt { get; init; }

        public Instant PhaseAt { get; set; }

        public LinkPhase Phase { get; set; }

        public bool IsOpen { get; set; }

        public bool IsDirect { get; set; }

        public Activity? Span { get; set; }
    }
}
