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
/// <para>A violation is a second holder beside the first, or a name that is lost although copies could have been made: a network of which two copies died within
/// <see cref="CopyTime"/> promises nothing for that name. What is lost so is counted.</para>
/// <para>While the network is parted each side may have a holder of its own; a name with two that reach each other is <em>contested</em>. That is
/// counted, and how often the holder that was first is the one that loses.</para>
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
    public int Next()
    {
        var text = FormattableString.Invariant($"name{_names.Count}");
        _names.Add(new(text));
        return _names.Count - 1;
    }

    /// <summary>One of those that are registered; −1 where none is.</summary>
    public int Draw(ref Prng random) => _registered.Count == 0 ? -1 : _registered[random.Next(_registered.Count)];

    /// <summary>What a name is called.</summary>
    public string TextOf(int name) => _names[name].Text;

    /// <summary>Names with two holders that reach each other.</summary>
    public int Contested()
    {
        var contested = 0;
        foreach (var one in _names)
        {
            checks.Looked(CheckKind.Names);
            contested += IsContested(one) ? 1 : 0;
        }

        return contested;
    }

    /// <summary>An attempt to register ended. Whether the name is its now.</summary>
    /// <param name="name">Which name.</param>
    /// <param name="node">Who tried.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="entry">What it was given, with since when.</param>
    public bool Registered(int name, int node, Outcome outcome, NameEntry? entry)
    {
        var one = _names[name];
        checks.Looked(CheckKind.Names);
        if (outcome != Outcome.Done || entry is null)
        {
            return false;
        }

        foreach (var other in one.Claims)
        {
            if (other.Node != node && IsHeld(other) && world.Reaches(node, other.Node))
            {
                checks.ViolateUnpaused(CheckKind.Names, $"{world.NameOf(node)} registered '{one.Text}', which {other.Id} holds", node, other.Node);
            }
        }

        if (one.Claims.Count == 0)
        {
            _registered.Add(name);
        }

        var id = world[node]!.Self.Id;
        if (!one.Claims.Exists(claim => claim.Node == node && claim.Id == id && IsHeld(claim)))
        {
            one.Claims.RemoveAll(claim => claim.Node == node || !IsHeld(claim));
            one.Claims.Add(new(node, id, entry.Tenancy.Since));
        }

        one.ThinSince = -1;
        return true;
    }

    /// <summary>A resolution ended.</summary>
    /// <param name="name">Which name.</param>
    /// <param name="asker">Who asked.</param>
    /// <param name="since">When it was asked.</param>
    /// <param name="entry">What came back; null: nobody holds it, or no answer.</param>
    public NameJudgement Resolved(int name, int asker, long since, NameEntry? entry)
    {
        var one = _names[name];
        checks.Looked(CheckKind.Names);
        var held = one.Claims.Find(claim => IsHeld(claim) && world.Reaches(asker, claim.Node));
        if (entry is not null && one.Claims.Exists(claim => claim.Id == entry.Record.Owner.Id && (held is null || !claim.IsGone)))
        {
            return NameJudgement.Right;
        }

        if (held is null || one.ChangedAt >= since)
        {
            return NameJudgement.Open;
        }

        if (entry is not null)
        {
            checks.ViolateUnpaused(CheckKind.Names, $"'{one.Text}' of {held.Id} was said to be {entry.Record.Owner.Id}'s", held.Node);
        }

        return NameJudgement.Wrong;
    }

    /// <summary>A node was told that it has lost a name. Whether it had it before whoever has it now.</summary>
    /// <remarks>No violation: its tenancy may have been broken meanwhile, which nobody sees from outside.</remarks>
    public bool Lost(int node, string text)
    {
        if (_names.Find(name => name.Text == text) is not { } one || one.Claims.Find(claim => claim.Node == node && !claim.IsGone) is not { } lost)
        {
            return false;
        }

        checks.Looked(CheckKind.Names);
        (lost.IsGone, one.ChangedAt) = (true, world.Ticks);
        var rivals = one.Claims.FindAll(other => IsHeld(other) && world.Reaches(node, other.Node));
        return rivals.Count > 0 && rivals.TrueForAll(other => other.Since > lost.Since);
    }

    /// <summary>A node ends, its tables still to be seen. How many names are lost with it.</summary>
    public int Ended(int node)
    {
        var lost = 0;
        var ending = world[node]!;
        var isLeaver = ending.Phase == NodePhase.Left;
        foreach (var one in _names)
        {
            if (one.Claims.Find(claim => claim.Node == node && !claim.IsGone && claim.EndedAt < 0) is { } claim)
            {
                (claim.EndedAt, claim.IsGone, one.ChangedAt) = (world.Ticks, isLeaver, world.Ticks);
            }

            if (one.Claims.Exists(IsHeld) && ending.KeepsName(world.Now, one.Mark)) // What lapses with its dead holder is not lost: its copies lapse one after the other.
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

        one.Claims.ForEach(static claim => claim.IsGone = true);
        one.ChangedAt = world.Ticks;
        return true;
    }

    private bool IsContested(Name one)
    {
        for (var i = 0; i < one.Claims.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (IsLive(one.Claims[i]) && IsLive(one.Claims[j]) && world.Reaches(one.Claims[i].Node, one.Claims[j].Node))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool IsLive(Claim claim) => !claim.IsGone && claim.EndedAt < 0 && world[claim.Node] is { Phase: NodePhase.Member or NodePhase.Founding };

    /// <summary>Whether the name must resolve to this holder: it lives, or died so lately that its record cannot have lapsed.</summary>
    private bool IsHeld(Claim claim) =>
        !claim.IsGone && (claim.EndedAt >= 0 ? world.Ticks - claim.EndedAt < (scenario.Options.NameRefreshPeriod * 2).Ticks : IsLive(claim));

    private sealed class Name(string text)
    {
        public string Text => text;

        public ulong Mark { get; } = NodeName.MarkOf(text);

        /// <summary>Who was told that it has the name. Several only while the network is parted, and until the others have been told.</summary>
        public List<Claim> Claims { get; } = [];

        public long ChangedAt { get; set; } = -1;

        /// <summary>Since when one copy or none was seen; −1: two or more.</summary>
        public long ThinSince { get; set; } = -1;
    }

    private sealed class Claim(int node, RingId id, long since)
    {
        public int Node => node;

        public RingId Id => id;

        /// <summary>Unix milliseconds, as the keeper countersigned it first.</summary>
        public long Since => since;

        /// <summary>Given up, lost, or all copies died.</summary>
        public bool IsGone { get; set; }

        /// <summary>When its holder ended; −1: it lives.</summary>
        public long EndedAt { get; set; } = -1;
    }
}
