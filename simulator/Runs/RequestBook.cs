using Overlay.Effects;
using Overlay.Ring;

namespace Overlay.Simulator.Runs;

/// <summary>What a workload asked for and has not heard of yet.</summary>
/// <param name="Kind">What was asked.</param>
/// <param name="Since">When, in ticks.</param>
/// <param name="Key">The key, or the other node.</param>
/// <param name="Owner">Who owned the key when it was asked; −1: nobody for sure.</param>
internal readonly record struct Request(Scenarios.WorkloadKind Kind, long Since, RingId Key, int Owner);

/// <summary>The requests that are out, by node and request. As many as are under way, however many nodes there are.</summary>
internal sealed class RequestBook
{
    private readonly Dictionary<(int Node, long Request), Request> _pending = [];
    private readonly Dictionary<int, int> _perNode = [];

    /// <summary>Requests under way.</summary>
    public int Count => _pending.Count;

    /// <summary>Notes a request.</summary>
    public void Add(int node, RequestId id, in Request request)
    {
        _pending.Add((node, id.Value), request);
        _perNode[node] = _perNode.GetValueOrDefault(node) + 1;
    }

    /// <summary>Takes a request that has ended; false where it was nobody's workload.</summary>
    public bool TryTake(int node, RequestId id, out Request request)
    {
        if (!_pending.Remove((node, id.Value), out request))
        {
            return false;
        }

        var left = _perNode[node] - 1;
        if (left == 0)
        {
            _perNode.Remove(node);
        }
        else
        {
            _perNode[node] = left;
        }

        return true;
    }

    /// <summary>The node is gone: nobody waits for its requests any more.</summary>
    public void Forget(int node)
    {
        if (_perNode.Remove(node))
        {
            var gone = new List<(int, long)>();
            foreach (var key in _pending.Keys)
            {
                if (key.Node == node)
                {
                    gone.Add(key);
                }
            }

            foreach (var key in gone)
            {
                _pending.Remove(key);
            }
        }
    }
}
