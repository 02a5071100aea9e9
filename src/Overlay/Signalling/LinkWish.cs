using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Signalling;

/// <summary>A link that this node wants, open or not: it is tried again until nobody wants it any more.</summary>
internal sealed class LinkWish(RingId peerId)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private Backoff _backoff = new(FirstRetry, LongestRetry);

    public RingId PeerId { get; } = peerId;

    /// <summary>The peer; without a certificate where the application named an id only.</summary>
    public Contact Peer { get; set; }

    public LinkPurpose Purpose { get; set; }

    /// <summary>The anchor through which the peer is reached; null: by routing.</summary>
    public RingId? Via { get; set; }

    /// <summary>Not to be tried before.</summary>
    public Instant NotBefore { get; private set; }

    /// <summary>Smaller is more urgent: the ring's own links, then a joiner's first ones, then the application's, then fingers.</summary>
    public static int Urgency(LinkPurpose purpose) =>
        (purpose & LinkPurpose.Ring) != 0 ? 0
        : (purpose & LinkPurpose.Join) != 0 ? 1
        : (purpose & LinkPurpose.Application) != 0 ? 2
        : 3;

    public void Failed(Instant now, ref Prng prng) => NotBefore = now + _backoff.Next(ref prng);

    public void Succeeded(Instant now)
    {
        _backoff.Reset();
        NotBefore = now;
    }
}

/// <summary>An offer that came while all set-ups were in use. It waits as long as its sender does.</summary>
internal sealed record WaitingOffer(Contact From, ReturnPath Path, Offer Offer, Instant ArrivedAt)
{
    /// <summary>Candidates that came meanwhile, bounded by <see cref="LinkDescription.MaxCandidates"/>.</summary>
    public List<string> Lines { get; } = [];
}
