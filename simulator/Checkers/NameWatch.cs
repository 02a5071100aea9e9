using Overlay.Messages;
using Overlay.Names;
using Overlay.Ring;
using Overlay.Simulator.Scenarios;
using Overlay.Simulator.Worlds;

namespace Overlay.Simulator.Checkers;

/// <summary>What became of a resolution.</summary>
public enum NameJudgement
{
    /// <summary>The holder was named.</summary>
    Right,

    /// <summary>It was not, and should have been.</summary>
    Wrong,

    /// <summary>Who holds the name was changing meanwhile: either answer is right.</summary>
    Open,
}

/// <summary>The names that a workload registered, as an outsider knows them: who holds each, and whether copies of it live.</summary>
/// <remarks>
/// A violation is a second holder beside the first, or a name that is lost although copies could have been made: a network of which two copies died within
/// <see cref="CopyTime"/> promises nothing for that name. What is lost so is counted.
/// </remarks>
public sealed class NameWatch(Scenario scenario, World world, RunChecks checks)
{
    /// <summary>Time for noticing a death, taking over its arc and filling up the replicas.</summary>
    public static readonly TimeSpan CopyTime = TimeSpan.FromSeconds(60);

    private readonly List<Name> _names = [];
    private readonly List<int> _registered = [];

    /// <summary>Names that there are, or were tried for.</summary>
    public int Count => _names.Count;

    /// <summary>The next name that nobody has.</summary>
    public int Next(int node)
    {
        var text = FormattableString.Invariant($"name{_names.Count}");
        _names.Add(new(text) { Holder = node });
        return _names.Count - 1;
    }

    /// <summary>One of those that are registered; −1 where none is.</summary>
    public int Draw(ref Prng random) => _registered.Count == 0 ? -1 : _registered[random.Next(_registered.Count)];

    /// <summary>What a name is called.</summary>
    public string TextOf(int name) => _names[name].Text;

    /// <summary>An attempt to register ended. Whether the name is its now.</summary>
    public bool Registered(int name, int node, Outcome outcome)
    {
        var one = _names[name];
        checks.Looked(CheckKind.Names);
        if (outcome != Outcome.Done)
        {
            return false;
        }

        if (one.IsRegistered && one.Holder != node && IsHeld(one))
        {
            checks.ViolateUnpaused(CheckKind.Names, $"{world.NameOf(node)} registered '{one.Text}', which {one.HolderId} holds", node, one.Holder);
        }

        if (!one.IsRegistered)
        {
            _registered.Add(name);
        }

        (one.IsRegistered, one.Holder, one.HolderId, one.EndedAt, one.IsGone, one.ThinSince) = (true, node, world[node]!.Self.Id, -1, false, -1);
        return true;
    }

    /// <summary>A resolution ended.</summary>
    /// <param name="name">Which name.</param>
    /// <param name="since">When it was asked.</param>
    /// <param name="entry">What came back; null: nobody holds it, or no answer.</param>
    public NameJudgement Resolved(int name, long since, NameEntry? entry)
    {
        var one = _names[name];
        checks.Looked(CheckKind.Names);
        if (entry is not null && entry.Record.Owner.Id == one.HolderId)
        {
            return NameJudgement.Right;
        }

        if (!IsHeld(one) || one.ChangedAt >= since)
        {
            return NameJudgement.Open;
        }

        if (entry is not null)
        {
            checks.ViolateUnpaused(CheckKind.Names, $"'{one.Text}' of {one.HolderId} was said to be {entry.Record.Owner.Id}'s", one.Holder);
        }

        return NameJudgement.Wrong;
    }

    /// <summary>A node was told that it has lost a name.</summary>
    public void Lost(int node, string text)
    {
        foreach (var one in _names)
        {
            if (one.Text == text && one.Holder == node)
            {
                (one.IsGone, one.ChangedAt) = (true, world.Ticks);
            }
        }
    }

    /// <summary>A node ends, its tables still to be seen. How many names are lost with it.</summary>
    public int Ended(int node)
    {
        var lost = 0;
        var ending = world[node]!;
        var isLeaver = ending.Phase == NodePhase.Left;
        foreach (var one in _names)
        {
            if (one.IsRegistered && !one.IsGone && one.Holder == node && one.EndedAt < 0)
            {
                (one.EndedAt, one.ChangedAt, one.IsGone) = (world.Ticks, world.Ticks, isLeaver);
            }

            if (one.IsRegistered && !one.IsGone && ending.KeepsName(world.Now, one.Mark))
            {
                checks.Looked(CheckKind.Names);
                lost += DiedWith(one, node) ? 1 : 0;
            }
        }

        return lost;
    }

    private bool DiedWith(Name one, int node)
    {
        var copies = 0;
        for (var other = 0; other < world.Numbers && copies < 2; other++)
        {
            copies += other != node && world.IsAlive(other) && world[other]!.KeepsName(world.Now, one.Mark) ? 1 : 0;
        }

        if (copies >= 2)
        {
            one.ThinSince = -1;
            return false;
        }

        var thinSince = one.ThinSince < 0 ? world.Ticks : one.ThinSince;
        one.ThinSince = thinSince;
        if (copies == 1)
        {
            return false;
        }

        if (world.Ticks - thinSince > CopyTime.Ticks)
        {
            checks.ViolateUnpaused(CheckKind.Names, $"the last copy of '{one.Text}' died with {world.NameOf(node)}; there was time to make others", node);
        }

        (one.IsGone, one.ChangedAt) = (true, world.Ticks);
        return true;
    }

    /// <summary>Whether the name must resolve: its holder lives, or died so lately that its record cannot have lapsed.</summary>
    private bool IsHeld(Name one)
    {
        if (!one.IsRegistered || one.IsGone)
        {
            return false;
        }

        if (one.EndedAt >= 0)
        {
            return world.Ticks - one.EndedAt < (scenario.Options.NameRefreshPeriod * 2).Ticks;
        }

        return world[one.Holder] is { Phase: NodePhase.Member or NodePhase.Founding };
    }

    private sealed class Name(string text)
    {
        public string Text => text;

        public ulong Mark { get; } = NodeName.MarkOf(text);

        public int Holder { get; set; }

        public RingId HolderId { get; set; }

        public bool IsRegistered { get; set; }

        /// <summary>Given up, lost, or all copies died.</summary>
        public bool IsGone { get; set; }

        /// <summary>When its holder ended; −1: it lives.</summary>
        public long EndedAt { get; set; } = -1;

        public long ChangedAt { get; set; } = -1;

        /// <summary>Since when one copy or none was seen; −1: two or more.</summary>
        public long ThinSince { get; set; } = -1;
    }
}
