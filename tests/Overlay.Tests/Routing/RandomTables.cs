using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;

namespace Overlay.Tests.Routing;

/// <summary>Members with routing tables, random or ideal, all drawn from a seed.</summary>
internal sealed class RandomTables
{
    private readonly RingId[] _ids;
    private Prng _prng;

    public RandomTables(ulong seed, int count)
    {
        _prng = new Prng(seed);
        _ids = new RingId[count];
        for (var i = 0; i < count; i++)
        {
            _ids[i] = RingId.From(_prng.Next());
        }

        Array.Sort(_ids, (a, b) => a.Value.CompareTo(b.Value));
        Views = new RingView[count];
        Tables = new LinkTable[count];
        for (var i = 0; i < count; i++)
        {
            Tables[i] = new LinkTable(64, 4);
            var place = _prng.Chance(1, 10) ? default : RingArc.Between(_ids[RandomNode()], _ids[i]);
            Views[i] = new RingView(_ids[i], place, _prng.Chance(1, 2) ? default : place, _ids[RandomNode()]);
        }

        for (var link = 0; link < 5 * count; link++)
        {
            Link(RandomNode(), RandomNode());
        }
    }

    private RandomTables(RingId[] ids, ulong seed)
    {
        (_ids, _prng) = (ids, new Prng(seed));
        Views = new RingView[ids.Length];
        Tables = new LinkTable[ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            var place = RingArc.Between(ids[(i + ids.Length - 1) % ids.Length], ids[i]);
            Views[i] = new RingView(ids[i], place, place, ids[(i + 1) % ids.Length]);
            Tables[i] = new LinkTable(200, 4);
        }
    }

    public RingView[] Views { get; }

    public LinkTable[] Tables { get; }

    /// <summary>Two successors, two predecessors, all fingers, links in both directions.</summary>
    public static RandomTables Ideal(ulong seed, int count)
    {
        var random = new RandomTables(seed, count);
        var ideal = new RandomTables(random._ids, seed);
        for (var i = 0; i < count; i++)
        {
            ideal.Link(i, (i + 1) % count);
            ideal.Link(i, (i + 2) % count);
            for (var row = RingId.Bits - 1; row >= RingId.Bits - 16; row--)
            {
                ideal.Link(i, ideal.OwnerOf(ideal._ids[i].FingerStart(row)));
            }
        }

        return ideal;
    }

    public static Link Open(LinkTable table, int name, RingId peer, NodePhase phase)
    {
        var setUp = new LinkSetUp(new LinkId(name), peer, isIncoming: false) { PeerPhase = phase };
        table.TryAddSetUp(setUp);
        table.TryOpen(default, setUp, out var link);
        return link;
    }

    public RingId RandomKey() => _prng.Chance(1, 3) ? _ids[RandomNode()] : RingId.From(_prng.Next());

    public int RandomNode() => _prng.Next(_ids.Length);

    public int IndexOf(RingId id) => Array.IndexOf(_ids, id);

    public int OwnerOf(RingId key)
    {
        var at = Array.FindIndex(_ids, id => id.Value >= key.Value);
        return at < 0 ? 0 : at;
    }

    public void Unlink(int a, int b)
    {
        Tables[a].Remove(Tables[a].FindOpen(_ids[b])!.Value);
        Tables[b].Remove(Tables[b].FindOpen(_ids[a])!.Value);
    }

    /// <summary>Where a message ends, and after how many hops.</summary>
    public (int Node, int Hops) Walk(int from, Message message)
    {
        for (var hops = 0; hops <= Message.HopBudget; hops++)
        {
            var hop = Router.NextHop(Views[from], Tables[from], message);
            if (hop.Kind != HopKind.Forward)
            {
                return (hop.Kind == HopKind.Deliver ? from : -1, hops);
            }

            message = message with { Flags = (message.Flags & ~Router.Phases) | hop.Phase, HopsLeft = (byte)(message.HopsLeft - 1) };
            from = IndexOf(hop.Link!.Value.PeerId);
        }

        return (-1, Message.HopBudget);
    }

    private void Link(int a, int b)
    {
        if (a != b && Tables[a].FindOpen(_ids[b]) is null)
        {
            Open(Tables[a], (a * 1000) + b + 1, _ids[b], NodePhase.Member);
            Open(Tables[b], (b * 1000) + a + 1, _ids[a], NodePhase.Member);
        }
    }
}
