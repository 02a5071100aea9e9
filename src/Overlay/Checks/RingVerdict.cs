using System.Text;

namespace Overlay.Checks;

/// <summary>The rules that a ring is judged by.</summary>
public enum RingRule
{
    /// <summary>A successor list lies in clockwise order, without duplicates, without its owner, and has at most r entries.</summary>
    ListOrder,

    /// <summary>I1: every member has a living member in its list.</summary>
    LivingEntry,

    /// <summary>I2: at least r + 1 members are principals, that is skipped by no extended list.</summary>
    Principals,

    /// <summary>There is exactly one cycle of best successors.</summary>
    OneCycle,

    /// <summary>The cycle goes round once: no member of it lies between another and that one's best successor.</summary>
    OrderedCycle,

    /// <summary>Every principal lies on the cycle.</summary>
    PrincipalOnCycle,

    /// <summary>Ideal: the successor list names exactly the next members.</summary>
    ExactList,

    /// <summary>Ideal: the predecessor is the member just before.</summary>
    ExactPredecessor,

    /// <summary>No key has two owners.</summary>
    OneOwner,

    /// <summary>Every key has an owner. Broken for a while after each join and death; never in a quiet ring.</summary>
    NoGap,

    /// <summary>No node holds more links than the degree cap.</summary>
    Degree,
}

/// <summary>One broken rule, with the names of the nodes concerned.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Message">What is wrong, where.</param>
/// <param name="IsAssumption">It follows from a broken assumption of the proof (too many died at once), not from a bug of the protocol.</param>
public readonly record struct RingFinding(RingRule Rule, string Message, bool IsAssumption)
{
    public override string ToString() => (IsAssumption ? "assumption " : "") + Rule + ": " + Message;
}

/// <summary>What the checker found.</summary>
public sealed class RingVerdict(IReadOnlyList<RingFinding> findings, int memberCount, int principalCount, ulong unownedKeys)
{
    /// <summary>Everything that is wrong, the first rule first.</summary>
    public IReadOnlyList<RingFinding> Findings { get; } = findings;

    /// <summary>Members of the ring.</summary>
    public int MemberCount { get; } = memberCount;

    /// <summary>Principals among them.</summary>
    public int PrincipalCount { get; } = principalCount;

    /// <summary>Keys that nobody answers for.</summary>
    public ulong UnownedKeys { get; } = unownedKeys;

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsClean => Findings.Count == 0;

    /// <summary>Bugs of the protocol.</summary>
    public int ViolationCount => CountOf(isAssumption: false);

    /// <summary>Broken assumptions and what follows from them.</summary>
    public int BrokenAssumptionCount => CountOf(isAssumption: true);

    /// <summary>Whether <paramref name="rule"/> is broken.</summary>
    public bool Breaks(RingRule rule)
    {
        foreach (var finding in Findings)
        {
            if (finding.Rule == rule)
            {
                return true;
            }
        }

        return false;
    }

    public override string ToString()
    {
        if (IsClean)
        {
            return "clean";
        }

        var text = new StringBuilder();
        foreach (var finding in Findings)
        {
            text.Append(text.Length > 0 ? "; " : "").Append(finding.ToString());
        }

        return text.ToString();
    }

    private int CountOf(bool isAssumption)
    {
        var count = 0;
        foreach (var finding in Findings)
        {
            count += finding.IsAssumption == isAssumption ? 1 : 0;
        }

        return count;
    }
}
