using Overlay.Effects;
using Overlay.Time;

namespace Overlay.Simulator.Worlds;

// Who lives: newcomers, crashes, good-byes, and the frozen.
public sealed partial class World
{
    private const int MaxDraws = 256;

    private readonly Stack<int> _free = new();

    /// <summary>A number that no living node has, the lowest never used or one given back; −1 where <see cref="WorldOptions.Capacity"/> nodes live.</summary>
    public int TakeNumber() => _free.TryPop(out var free) ? free : Numbers < _options.Capacity ? Numbers++ : -1;

    /// <summary>Starts a node, which goes to the hub. False where it lives already.</summary>
    /// <param name="node">Its number, from <see cref="TakeNumber"/>.</param>
    /// <param name="isNew">A new key, and so another place on the ring; else the key that the number had before, with a newer instance.</param>
    public bool Start(int node, bool isNew)
    {
        if (IsAlive(node))
        {
            return false;
        }

        var identity = isNew ? _identities.Renew(node) : _identities.Of(node);
        _nodes[node] = new OverlayNode(_options.Overlay, identity.Ports, StartOf(node, identity));
        BecomeAlive(node);
        _nodes[node]!.Start(Now, _outbox);
        AfterStep(node);
        OpenEndpoint(node);
        return true;
    }

    /// <summary>Sees to it that <paramref name="node"/>, chosen by somebody else, is a number in use.</summary>
    public void Reserve(int node)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(node, Capacity);
        Numbers = Math.Max(Numbers, node + 1);
    }

    /// <summary>The node is gone without a word. False where it did not live.</summary>
    public bool Crash(int node)
    {
        if (!IsAlive(node))
        {
            return false;
        }

        _trace.Add(_now, "crashed", node);
        Vanish(node);
        return true;
    }

    /// <summary>The node says good-bye; it ends as soon as its neighbours know. False where it is not there to do so.</summary>
    public bool Leave(int node) => Command(node, static (leaving, now, outbox) => leaving.Leave(now, outbox));

    /// <summary>The node freezes, as a laptop whose lid is closed: it neither acts nor answers. False where it cannot.</summary>
    public bool Suspend(int node)
    {
        if (!IsAlive(node) || IsSuspended(node))
        {
            return false;
        }

        _trace.Add(_now, "suspended", node);
        _flags[node] |= NodeFlags.Suspended;
        return true;
    }

    /// <summary>A frozen node goes on: with its own idea of the world, and whatever waited for it. False where it is not frozen.</summary>
    public bool Resume(int node)
    {
        if (!IsAlive(node) || !IsSuspended(node))
        {
            return false;
        }

        _trace.Add(_now, "resumed", node);
        _flags[node] &= ~NodeFlags.Suspended;
        _wakeAt[node] = Never;
        _nodes[node]!.Advance(Now, _outbox); // Its own timers come first: it notices that it was away.
        AfterStep(node);
        if (_frozen.Remove(node, out var waiting))
        {
            foreach (var slot in waiting)
            {
                var isEnd = _inFlight.At(slot).Message.Kind == Messages.MessageKind.None;
                _events.Add(_now, (int)(isEnd ? EventKind.Closed : EventKind.Deliver), node, slot);
            }
        }

        return true;
    }

    /// <summary>Gives the number of a node that has ended back, for a newcomer with a new key.</summary>
    public void Recycle(int node)
    {
        if (!IsAlive(node))
        {
            _free.Push(node);
        }
    }

    /// <summary>A living node that is not frozen, each as likely as any other; −1 where none was found in a fair number of draws.</summary>
    /// <param name="random">Where chance comes from.</param>
    /// <param name="isMember">Only nodes that have a place on the ring.</param>
    public int Draw(ref Prng random, bool isMember)
    {
        for (var draw = 0; draw < MaxDraws && Numbers > 0; draw++)
        {
            var node = random.Next(Numbers);
            if ((isMember ? IsMember(node) : IsAlive(node)) && !IsSuspended(node))
            {
                return node;
            }
        }

        return -1;
    }

    private void BecomeAlive(int node)
    {
        _flags[node] = NodeFlags.Alive;
        _wakeAt[node] = Never;
        LiveCount++;
        _hash.Add((ulong)(uint)node, (ulong)_now);
    }

    private void Vanish(int node)
    {
        CloseEndpoint(node);
        EndSessions(node);
        EndSetUps(node);
        ForgetFrozen(node);
        _unacknowledged.Remove(node);
        if (_nodes[node]!.Self.Certificate is not null)
        {
            _directory.Remove(_nodes[node]!.Self.Id, node);
        }

        _flags[node] = NodeFlags.None;
        LiveCount--;
        _hash.Add(~(ulong)(uint)node, (ulong)_now);
        _observer.Ended(node);
        _nodes[node] = null;
    }
}
