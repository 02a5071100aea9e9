using Overlay.Ring;
using Overlay.WebRtc.Ice;

namespace Overlay.Runtime.Pages;

/// <summary>Candidates that came before the description they belong to: a signal that had to be sent again comes late.</summary>
/// <remarks>Invariant: at most <see cref="MaxPages"/> pages and <see cref="MaxCandidates"/> candidates of each; the oldest make room.</remarks>
internal sealed class EarlyCandidates
{
    public const int MaxPages = 64;

    public const int MaxCandidates = 32;

    private readonly Dictionary<RingId, List<(string Ufrag, Candidate Candidate)>> _byPage = [];
    private readonly Queue<RingId> _order = new();

    /// <summary>Keeps a candidate.</summary>
    public void Add(RingId page, string ufrag, Candidate candidate)
    {
        if (!_byPage.TryGetValue(page, out var kept))
        {
            while (_byPage.Count >= MaxPages && _order.TryDequeue(out var oldest))
            {
                _byPage.Remove(oldest);
            }

            _byPage[page] = kept = [];
            _order.Enqueue(page);
        }

        if (kept.Count == MaxCandidates)
        {
            kept.RemoveAt(0);
        }

        kept.Add((ufrag, candidate));
    }

    /// <summary>Takes what was kept for a page's description. Those of another one are dropped: it is not there any more, or comes with its own.</summary>
    /// <param name="page">The page.</param>
    /// <param name="ufrag">The description's; candidates that name none belong to it too.</param>
    public List<Candidate> Take(RingId page, string ufrag)
    {
        var found = new List<Candidate>();
        if (_byPage.Remove(page, out var kept))
        {
            foreach (var (of, candidate) in kept)
            {
                if (of.Length == 0 || of == ufrag)
                {
                    found.Add(candidate);
                }
            }
        }

        return found;
    }
}
