using Overlay.Chord;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Signalling;
using Overlay.Time;

namespace Overlay;

/// <summary>What the node tells of itself: its tables, what it measures, whom it lost, and the ways of messages.</summary>
public sealed partial class OverlayNode
{
    /// <summary>The node's tables as any other node would be told: neighbours, fingers and links.</summary>
    public State Snapshot() => StateFor(_context.Now, 0);

    private void ReceiveDiagnostics(Instant now, in Arrival arrival)
    {
        switch (arrival.Payload)
        {
            case GetState or TraceRoute when !_context.Options.AnswersDiagnostics && arrival.Link != default:
                Reply(now, arrival, new Unreachable(arrival.Message.MessageId, DropReason.Declined));
                break;
            case GetState question:
                Reply(now, arrival, StateFor(now, question.Nonce));
                break;
            case State state:
                _queries?.Receive(arrival.From.Id, state.Nonce, state);
                break;
            case TraceRoute:
                _courier.AnswerTrace(now, arrival.Message, DropReason.None, arrival.Link);
                break;
            case TracedRoute traced:
                _queries?.Receive(now, arrival, traced);
                break;
        }
    }

    /// <summary>A link that stood has ended; what both sides did on purpose is no loss.</summary>
    private void NoteLost(Instant now, in LinkEvent happened)
    {
        if (happened.Failure is LinkFailure.Transport or LinkFailure.Silent or LinkFailure.ClosedByPeer)
        {
            _context.Departures.Add(now, happened.Peer.Id, DepartureKind.LinkLost, failure: happened.Failure);
        }
    }

    private State StateFor(Instant now, ulong nonce)
    {
        var successors = new List<Descriptor>();
        foreach (var successor in Successors)
        {
            successors.Add(successor.Descriptor);
        }

        if (_tree is not null)
        {
            foreach (var child in _tree.Children)
            {
                if (successors.Count < Owner.MaxDescriptors && _context.Links.FindOpen(child) is { } open)
                {
                    successors.Add(open.Peer.Descriptor);
                }
            }
        }

        var before = _tree is null ? _ring?.Predecessor : _tree.Parent; // On a tree: the parent, and the children.
        return new State(nonce, Phase, before?.Descriptor, successors, FingerEntries(), LinkEntries())
        {
            Departures = _context.Departures.ToEntries(now),
            Totals = _context.Gauges?.Totals(now),
            Quotas = QuotaEntries(now),
        };
    }

    private List<LinkEntry> LinkEntries()
    {
        var links = new List<LinkEntry>();
        foreach (var link in _context.Links.Open)
        {
            links.Add(new(link.PeerId, LinkPhase.Open, link.Purpose, link.IsIncoming)
            {
                Gauge = _context.Gauges?.Of(link.Id) ?? LinkGauge.Unknown,
                Sent = _context.Gauges?.SentOver(link.Id),
            });
        }

        foreach (var link in _context.Links.SetUps)
        {
            links.Add(new(link.PeerId, link.Phase, link.Purpose, link.IsIncoming));
        }

        return links;
    }

    private List<QuotaEntry> QuotaEntries(Instant now)
    {
        var (options, quotas) = (_context.Options, new List<QuotaEntry>());
        quotas.Add(new(QuotaKind.Links, _context.Links.OpenCount, options.DegreeCap));
        quotas.Add(new(QuotaKind.SetUps, SetUpsInFlight, options.MaxSetUps));
        quotas.Add(new(QuotaKind.Commands, PendingCommands, options.MaxPendingCommands));
        quotas.Add(new(QuotaKind.Connections, _connections?.Count ?? 0, options.MaxConnections));
        quotas.Add(new(QuotaKind.Records, _names?.RecordCount ?? 0, options.MaxRecords));
        _context.Gauges?.AddQuotas(now, quotas);
        return quotas;
    }

    private List<FingerEntry> FingerEntries()
    {
        var entries = new List<FingerEntry>();
        if (_ring is not null)
        {
            for (var row = 0; row < FingerTable.Rows; row++)
            {
                if (_ring.Fingers[row] is { } finger)
                {
                    entries.Add(new((byte)row, finger.Id));
                }
            }
        }

        return entries;
    }
}
