using Overlay.Chord;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;

namespace Overlay.Simulator.Runs;

// Newcomers on their way in: when each could first be of use, and when it stands as well as anybody else. Only where a phase asks for it: the messages are traffic, too.
internal sealed partial class RunDriver
{
    private static readonly long LookPeriod = TimeSpan.FromMilliseconds(250).Ticks;
    private static readonly byte[] Greeting = new byte[100];

    private readonly Dictionary<int, long> _arriving = [];         // Since when, until all fingers are there.
    private readonly Dictionary<RingId, long> _firstMessages = []; // By sender, since its start, while on the way.
    private readonly bool _watchesArrivals;
    private Prng _greetings;

    private static bool AsksForArrivals(Scenarios.Scenario scenario) =>
        scenario.Phases.Any(static phase => phase.Require is { MedianFirstMessage: not null } or { MedianAllFingers: not null });

    /// <summary>A newcomer is admitted and has a gateway: its application may send. Not now: it is in the middle of its step.</summary>
    private void CanGreet(int node)
    {
        if (_watchesArrivals && _arriving.ContainsKey(node))
        {
            World.Plan(World.Ticks, (int)Planned.FirstMessage, node);
        }
    }

    private void Greet(int node)
    {
        if (!World.IsAlive(node) || !_arriving.TryGetValue(node, out var born) || World.Draw(ref _greetings, isMember: true) is not (>= 0 and var to))
        {
            return;
        }

        var id = World[node]!.Self.Id;
        if (_firstMessages.TryAdd(id, born))
        {
            var destination = World[to]!.Self.Id;
            World.Command(node, (newcomer, now, outbox) => newcomer.Send(now, destination, Greeting, default(SendOptions), outbox));
        }
    }

    private void GreetingArrived(in Message message)
    {
        if (_firstMessages.Count > 0 && message.Kind == MessageKind.Data && _firstMessages.TryGetValue(message.Source, out var born) && born >= 0)
        {
            _firstMessages[message.Source] = -1; // It was the first; others are not counted.
            Each(World.Ticks - born, static (window, took) => window.FirstMessage.Add(took / TimeSpan.TicksPerMicrosecond));
        }
    }

    private void BecameMember(int node)
    {
        if (_watchesArrivals && _arriving.ContainsKey(node))
        {
            World.Plan(World.Ticks, (int)Planned.LookAtFingers, node);
        }
    }

    private void LookAtFingers(int node)
    {
        if (!World.IsAlive(node) || !_arriving.TryGetValue(node, out var born))
        {
            return;
        }

        if (HasAllFingers(node))
        {
            _arriving.Remove(node);
            Each(World.Ticks - born, static (window, took) => window.AllFingers.Add(took / TimeSpan.TicksPerMicrosecond));
        }
        else
        {
            World.Plan(World.Ticks + LookPeriod, (int)Planned.LookAtFingers, node);
        }
    }

    /// <summary>
    /// Whether the node has an open link into each row that a perfect table of it would link: to the row's owner or, where that is full, to another member of the row's interval.
    /// </summary>
    private bool HasAllFingers(int node)
    {
        var member = World[node]!;
        var self = member.Self.Id;
        var links = member.Snapshot().Links;
        var next = World.Directory.FirstFrom(self.Plus(1), World.IsMember);
        var (last, distinct) = (-1, 0);
        for (var row = FingerTable.Rows - 1; row >= 0; row--)
        {
            var owner = World.Directory.FirstFrom(self.FingerStart(row), World.IsMember);
            if (owner == next || distinct == _scenario.Options.MaxFingers)
            {
                return true;
            }

            if (owner == node || owner == last)
            {
                continue;
            }

            (last, distinct) = (owner, distinct + 1);
            var ownerId = World[owner]!.Self.Id;
            var interval = RingArc.Between(self.Plus((1UL << row) - 1), self.Plus((1UL << row) + ((1UL << row) - 1)));
            if (!links.Any(link => link.Phase == LinkPhase.Open && (link.Id == ownerId || interval.Contains(link.Id))))
            {
                return false;
            }
        }

        return true;
    }
}
