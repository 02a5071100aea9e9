using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Tree;

namespace Overlay.Simulator.Worlds;

// The beginning as a perfect tree: node i has the children d·i + 1 … d·i + d, so every level but the last is full.
public sealed partial class World
{
    private void StartIdealTree(Contact[] contacts, Action<int>? progress)
    {
        var degree = _options.Overlay.MaxDegree;
        var below = new List<RingId>[contacts.Length];
        var shapes = new TreeShape[contacts.Length];
        for (var number = contacts.Length - 1; number >= 0; number--)
        {
            below[number] = [];
            shapes[number] = ShapeOf(number, degree, contacts, below, shapes);
        }

        for (var number = 0; number < contacts.Length; number++)
        {
            StartInTree(number, degree, contacts, below, shapes);
            if ((number & 0x3ff) == 0)
            {
                progress?.Invoke(number);
            }
        }
    }

    private static TreeShape ShapeOf(int number, int degree, Contact[] contacts, List<RingId>[] below, TreeShape[] shapes)
    {
        var (size, free, leaf) = (1, (Depth: (int)TreeShape.NoFree, Count: 0), (Depth: 0, Count: 1));
        var count = 0;
        for (var child = (degree * number) + 1; child <= degree * (number + 1) && child < contacts.Length; child++, count++)
        {
            below[number].Add(contacts[child].Id);
            below[number].AddRange(below[child]);
            size += shapes[child].Size;
            var (freeDepth, leafDepth) = (shapes[child].FreeDepth + 1, shapes[child].LeafDepth + 1);
            free = freeDepth < free.Depth ? (freeDepth, shapes[child].FreeCount) : freeDepth == free.Depth ? (free.Depth, free.Count + shapes[child].FreeCount) : free;
            leaf = leafDepth > leaf.Depth ? (leafDepth, shapes[child].LeafCount) : leafDepth == leaf.Depth ? (leaf.Depth, leaf.Count + shapes[child].LeafCount) : leaf;
        }

        free = count < degree ? (0, degree - count) : free;
        return new(size, (byte)Math.Min(free.Depth, TreeShape.NoFree), free.Count, (byte)leaf.Depth, leaf.Count);
    }

    private void StartInTree(int number, int degree, Contact[] contacts, List<RingId>[] below, TreeShape[] shapes)
    {
        var ancestors = new List<TreeStep>();
        for (var at = number; at > 0; at = (at - 1) / degree)
        {
            ancestors.Insert(0, new(contacts[(at - 1) / degree].Descriptor, (byte)((at - 1) % degree)));
        }

        var children = new List<IdealChild>();
        var links = new List<IdealLink>();
        for (var child = (degree * number) + 1; child <= degree * (number + 1) && child < contacts.Length; child++)
        {
            children.Add(new(contacts[child], shapes[child], below[child]));
            links.Add(new(contacts[child], LinkPurpose.Ring, LinkPurpose.Ring, IsIncoming: true));
        }

        var parent = number == 0 ? default : contacts[(number - 1) / degree];
        var spare = SpareOf(number, degree, contacts.Length);
        if (number > 0)
        {
            links.Add(new(parent, LinkPurpose.Ring, LinkPurpose.Ring, IsIncoming: false));
        }

        if (spare >= 0)
        {
            links.Add(new(contacts[spare], LinkPurpose.Join, LinkPurpose.None, IsIncoming: false));
        }

        AddSparesTo(number, degree, contacts, links);
        var uncle = number == 0 ? -1 : NextSibling(number, degree, contacts.Length) is >= 0 and var next ? next : (number - 1) / degree;
        var identity = _identities.Of(number);
        var place = new IdealPlace
        {
            Self = contacts[number],
            HubKey = _identities.HubKey,
            HubSlots = _identities.HubSlots,
            Links = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(links),
            Tree = new(
                new TreeClock(1, TreePosition.MaxStandIns, 1),
                parent,
                [.. ancestors],
                spare < 0 ? default : contacts[spare],
                uncle < 0 ? default : contacts[uncle],
                Math.Min(degree, contacts.Length - 1),
                children),
        };
        BecomeAlive(number);
        _nodes[number] = OverlayNode.FromIdeal(_options.Overlay, identity.Ports, identity.StartAt(Now), Now, place, _outbox);
        AfterStep(number);
    }

    /// <summary>The links over which the children of the sibling before, of an only child, or of the root have this node as their spare.</summary>
    private static void AddSparesTo(int number, int degree, Contact[] contacts, List<IdealLink> links)
    {
        var asking = new List<int>();
        var before = number == 0 ? -1 : number - 1;
        var first = number == 0 ? 0 : (((number - 1) / degree) * degree) + 1;
        var last = number == 0 ? 0 : Math.Min(contacts.Length - 1, first + degree - 1);
        if (number > 0 && first != last)
        {
            before = number == first ? last : before;
            AddChildren(before);
            if (first == 1)
            {
                asking.Add(before); // The root's children keep theirs to each other until there are stand-ins.
            }
        }

        var only = (degree * number) + 1;
        if (only == contacts.Length - 1)
        {
            AddChildren(only);
        }

        foreach (var node in asking)
        {
            links.Add(new(contacts[node], LinkPurpose.None, LinkPurpose.Join, IsIncoming: true));
        }

        void AddChildren(int of)
        {
            for (var child = (degree * of) + 1; child <= degree * (of + 1) && child < contacts.Length; child++)
            {
                asking.Add(child);
            }
        }
    }

    private static int SpareOf(int number, int degree, int count)
    {
        if (number == 0)
        {
            return -1;
        }

        var parent = (number - 1) / degree;
        return parent == 0 ? NextSibling(number, degree, count)
            : NextSibling(parent, degree, count) is >= 0 and var uncle ? uncle
            : (parent - 1) / degree;
    }

    private static int NextSibling(int number, int degree, int count)
    {
        var first = (((number - 1) / degree) * degree) + 1;
        var last = Math.Min(count - 1, first + degree - 1);
        return first == last ? -1 : number == last ? first : number + 1;
    }
}
