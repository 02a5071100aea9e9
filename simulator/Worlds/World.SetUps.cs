using System.Buffers.Binary;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Simulator.Engine;
using Overlay.Simulator.Network;

namespace Overlay.Simulator.Worlds;

// Links on their way: gathered, signalled by the nodes' own messages, and then one event for ICE, DTLS and SCTP together. Where links are free, none of it.
public sealed partial class World
{
    private static readonly long GatherTicks = TimeSpan.FromMilliseconds(20).Ticks;
    private static readonly byte[] NoParameters = [];

    private readonly Dictionary<(int Node, LinkId Link), SetUpEnd> _ends = [];
    private readonly Dictionary<string, SetUpEnd> _endsByUfrag = [];
    private readonly Slab<SetUpEnd> _setUps = new();
    private int _lastUfrag;

    private bool TryFindEnd(int node, LinkId link, out SetUpEnd end) => _ends.TryGetValue((node, link), out end!);

    private void OpenLink(int node, in Effect effect)
    {
        if (effect.Detail is null)
        {
            Counters.SetUpsBegun++;
        }

        if (_options.IsContact)
        {
            var slot = _inFlight.Put(new InFlight { From = _directory.Find(effect.Peer), FromLink = effect.Link });
            _events.Add(_now, (int)EventKind.Contact, node, slot);
            return;
        }

        var ufrag = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"u{++_lastUfrag}");
        var fingerprint = new byte[32];
        BinaryPrimitives.WriteInt32BigEndian(fingerprint, _lastUfrag);
        var end = new SetUpEnd(node, effect.Link)
        {
            Remote = (LinkDescription?)effect.Detail,
            Local = new(fingerprint, ufrag, "password-of-24-characters", [Candidate(node)], NoParameters),
        };
        _ends.Add((node, effect.Link), end);
        _endsByUfrag.Add(ufrag, end);
        _events.Add(_now + GatherTicks, (int)EventKind.Described, node, _setUps.Put(end));
    }

    /// <summary>One candidate line of the length that real ones have.</summary>
    private static string Candidate(int node) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"candidate:1 1 udp 2130706431 10.{(node >> 16) & 255}.{(node >> 8) & 255}.{node & 255} 50000 typ host");

    private void AcceptAnswer(int node, LinkId link, LinkDescription remote)
    {
        if (!TryFindEnd(node, link, out var offerer)
            || !_endsByUfrag.TryGetValue(remote.Ufrag, out var answerer) || answerer.Remote?.Ufrag != offerer.Local!.Ufrag)
        {
            return;
        }

        offerer.Remote = remote;
        (offerer.Other, answerer.Other) = (answerer, offerer);
        var outcome = _options.Network.SetUp(node, answerer.Node, _now, ref _random);
        Counters.SetUpBytes += outcome.Bytes;
        if (outcome.Kind != SetUpKind.Silent) // Silent: no candidate pair ever answers; both sides find out by their deadlines.
        {
            offerer.Fails = outcome.Kind == SetUpKind.Fails;
            _events.Add(_now + outcome.Ticks, (int)EventKind.Connected, node, _setUps.Put(offerer));
        }
    }

    private void PerformSetUp(EventKind kind, int slot)
    {
        var end = _setUps.Take(slot);
        if (end.IsClosed || !IsAlive(end.Node) || IsSuspended(end.Node))
        {
            return;
        }

        if (kind == EventKind.Described)
        {
            _nodes[end.Node]!.LinkDescribed(Now, end.Link, end.Local!, _outbox);
            AfterStep(end.Node);
        }
        else if (end.Other is { IsClosed: false } other && IsAlive(other.Node) && !IsSuspended(other.Node))
        {
            Connect(end, other);
        }
    }

    private void Connect(SetUpEnd offerer, SetUpEnd answerer)
    {
        if (offerer.Fails)
        {
            Fail(offerer);
            Fail(answerer);
            return;
        }

        (offerer.IsConnected, answerer.IsConnected) = (true, true);
        BecomeReady(offerer);
        BecomeReady(answerer);
    }

    private void Fail(SetUpEnd end)
    {
        if (CloseEnd(end.Node, end.Link))
        {
            _nodes[end.Node]!.LinkLost(Now, end.Link, LinkFailure.Transport, _outbox);
            AfterStep(end.Node);
        }
    }

    private void BecomeReady(SetUpEnd end)
    {
        for (var phase = LinkPhase.Check; phase <= LinkPhase.Sctp && !end.IsClosed; phase++)
        {
            _nodes[end.Node]!.LinkProgress(Now, end.Link, phase, _outbox);
            AfterStep(end.Node);
        }

        if (!end.IsClosed)
        {
            _nodes[end.Node]!.LinkReady(Now, end.Link, _outbox);
            AfterStep(end.Node);
        }
    }

    /// <summary>From now on the node itself knows whom its link leads to.</summary>
    private void LinkOpened(int node, LinkId link)
    {
        if (_ends.Remove((node, link), out var end))
        {
            _endsByUfrag.Remove(end.Local!.Ufrag);
            Counters.LinksOpened += end.Other is { } other && !_ends.ContainsKey((other.Node, other.Link)) ? 1 : 0; // Counted with its second end.
        }
    }

    /// <summary>The node is gone, and with it its half of whatever was being set up.</summary>
    private void EndSetUps(int node)
    {
        Span<LinkId> links = stackalloc LinkId[_options.Overlay.MaxSetUps];
        foreach (var link in links[.._nodes[node]!.CopySetUps(links)])
        {
            CloseEnd(node, link);
        }
    }

    /// <summary>Ends a set-up at one side. False where the link was none.</summary>
    private bool CloseEnd(int node, LinkId link)
    {
        if (!_ends.Remove((node, link), out var end))
        {
            return false;
        }

        end.IsClosed = true;
        _endsByUfrag.Remove(end.Local!.Ufrag);
        return true;
    }

    private void ContactOpens(int node, int slot)
    {
        var (peer, link) = (_inFlight.At(slot).From, _inFlight.At(slot).FromLink);
        _inFlight.Take(slot);
        if (!IsAlive(node) || IsSuspended(node))
        {
            return;
        }

        if (peer < 0 || !IsAlive(peer) || IsSuspended(peer) || !_options.Network.Reaches(node, peer))
        {
            _events.Add(_now + _options.ContactTimeout.Ticks, (int)EventKind.Closed, node, _inFlight.Put(new InFlight { From = -1, ToLink = link }));
            return;
        }

        var (asker, asked) = (_nodes[node]!, _nodes[peer]!);
        var answer = asked.AcceptContact(Now, asker.Self, asker.WantedFor(asked.Self.Id), asker.Phase, _outbox);
        AfterStep(peer);
        asker.ContactAnswered(Now, link, asked.Self, asked.WantedFor(asker.Self.Id), asked.Phase, answer, _outbox);
        Counters.LinksOpened += answer == LinkFailure.None ? 1 : 0;
        AfterStep(node);
    }
}
