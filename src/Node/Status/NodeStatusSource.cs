using Overlay.Effects;
using Overlay.Ring;
using Overlay.Runtime;
using Overlay.Status;

namespace Overlay.Nodes.Status;

/// <summary>The network as a member of it sees it: its own tables at once, those of others by asking them.</summary>
public sealed class NodeStatusSource : IStatusSource
{
    private readonly SpanWatch _spans = new();
    private readonly Task<Node> _node;
    private StatusOrigin _origin;

    /// <summary>The page of a node that may be on its way into the network yet.</summary>
    /// <param name="node">The member.</param>
    /// <param name="topology">What its network builds.</param>
    public NodeStatusSource(Task<Node> node, Topology topology)
    {
        (_node, _origin) = (node, new("node", topology));
        _ = IntroduceAsync();
    }

    /// <summary>The page of a node that runs.</summary>
    public NodeStatusSource(Node node, Topology topology)
        : this(Task.FromResult(node), topology)
    {
    }

    /// <inheritdoc/>
    public StatusOrigin Origin => Volatile.Read(ref _origin);

    /// <inheritdoc/>
    public async IAsyncEnumerable<MemberAnswer> CrawlAsync(
        IReadOnlyCollection<RingId> known, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var member = await _node.WaitAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var answer in StatusWalk.WalkAsync(member, StatusOptions.MaxQueriesPerSecond, known, cancellationToken).ConfigureAwait(false))
        {
            yield return answer;
        }
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<NearChange> happened) => new Listening(_node, _spans, happened);

    /// <inheritdoc/>
    public IReadOnlyList<SpanReport> SpansOf(RingId member) => _spans.Of(member);

    /// <inheritdoc/>
    public ValueTask RestAsync() => ValueTask.CompletedTask;

    private async Task IntroduceAsync()
    {
        try
        {
            var node = await _node.ConfigureAwait(false);
            Volatile.Write(ref _origin, _origin with { Id = node.Id, Name = node.Name });
        }
        catch (Exception e) when (e is OperationCanceledException or OverlayException)
        {
            // There is no node; whoever starts it is told why.
        }
    }

    /// <summary>Hears of a node's neighbours, and asks it for its own tables a moment after they changed.</summary>
    private sealed class Listening : IDisposable
    {
        private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

        private readonly CancellationTokenSource _ended = new();
        private readonly Action<NearChange> _happened;
        private readonly IDisposable _spans;
        private IDisposable? _observing;
        private int _isAsking;

        public Listening(Task<Node> node, SpanWatch spans, Action<NearChange> happened)
        {
            (_happened, _spans) = (happened, spans.Begin());
            _ = BeginAsync(node);
        }

        public void Dispose()
        {
            _ended.Cancel();
            Interlocked.Exchange(ref _observing, null)?.Dispose();
            _spans.Dispose();
        }

        private async Task BeginAsync(Task<Node> starting)
        {
            try
            {
                var node = await starting.WaitAsync(_ended.Token).ConfigureAwait(false);
                _observing = node.Subscribe(seen => Observe(node, seen));
                if (_ended.IsCancellationRequested)
                {
                    Dispose();
                }
            }
            catch (Exception e) when (e is OperationCanceledException or OverlayException)
            {
                // Nobody looks any more, or there is no node; whoever starts it is told why.
            }
        }

        /// <summary>On the node's loop.</summary>
        private void Observe(Node node, in NodeObservation seen)
        {
            switch (seen.What)
            {
                case Observation.PeerLeft:
                    _happened(new(NearChangeKind.Left, seen.Peer));
                    break;
                case Observation.Evicted:
                    _happened(new(NearChangeKind.Died, seen.Peer));
                    break;
                case Observation.NeighboursChanged or Observation.LinkPhase or Observation.LinkEnded or Observation.PhaseChanged:
                case >= Observation.ParentConnected and <= Observation.SteppedDown:
                    if (Interlocked.Exchange(ref _isAsking, 1) == 0)
                    {
                        _ = Task.Run(() => TellAsync(node));
                    }

                    break;
            }
        }

        private async Task TellAsync(Node node)
        {
            try
            {
                await Task.Delay(Moment, _ended.Token).ConfigureAwait(false); // Changes come in bundles.
                Volatile.Write(ref _isAsking, 0);
                var state = await node.InspectAsync(node.Id, _ended.Token).ConfigureAwait(false);
                _happened(new(NearChangeKind.Tables, node.Id, StatusWalk.ReportOf(node, node.Id, state)));
            }
            catch (Exception e) when (e is OperationCanceledException or OverlayException)
            {
                // It stops.
            }
        }
    }
}
