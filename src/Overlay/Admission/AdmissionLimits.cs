using Overlay.Time;

namespace Overlay.Admission;

/// <summary>The quotas of first requests: by origin, and in all apart for newcomers and for members, so that neither starves the other.</summary>
internal sealed class AdmissionLimits(HubAdmissionOptions options)
{
    private readonly RecencyTable<RemotePrefix, Origin> _origins = new(options.MaxPrefixes);
    private TokenBucket _admissions = new(options.Admissions);
    private TokenBucket _attachments = new(options.Attachments);

    /// <summary>Whether a newcomer's first request may be looked at.</summary>
    public bool TryAdmit(Instant now, RemotePrefix remote) => OriginOf(remote).Bucket.TryTake(now) && _admissions.TryTake(now);

    /// <summary>Whether a member's first request may be looked at.</summary>
    public bool TryAttach(Instant now, RemotePrefix remote) => OriginOf(remote).Bucket.TryTake(now) && _attachments.TryTake(now);

    private Origin OriginOf(RemotePrefix remote)
    {
        if (!_origins.TryGet(remote, out var origin))
        {
            origin = new(options.AdmissionsPerPrefix);
            _origins.Add(remote, origin);
        }

        return origin;
    }

    private sealed class Origin(Rate rate)
    {
        public TokenBucket Bucket = new(rate);
    }
}
