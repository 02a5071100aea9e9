using Overlay.Messages;

namespace Overlay.Admission;

/// <summary>The hub in numbers, at one moment; counters are since its start.</summary>
public sealed record HubStatistics
{
    /// <summary>Sessions open now.</summary>
    public required int Sessions { get; init; }

    /// <summary>The most sessions that were ever open at once.</summary>
    public required int MaxSessions { get; init; }

    /// <summary>Sessions of members that hold gateway slots.</summary>
    public required int Gateways { get; init; }

    /// <summary>Admitted sessions that hold none: newcomers in progress and guests.</summary>
    public required int Joiners { get; init; }

    /// <summary>Sessions that have not proved a key yet.</summary>
    public required int HalfOpen { get; init; }

    /// <summary>Keys that the hub remembers.</summary>
    public required int KnownMembers { get; init; }

    /// <summary>Whether a network was founded.</summary>
    public required bool IsFounded { get; init; }

    /// <summary>Admissions told to found.</summary>
    public required long Founders { get; init; }

    /// <summary>Admissions told to introduce themselves.</summary>
    public required long Introduced { get; init; }

    /// <summary>Admissions told to retry.</summary>
    public required long Retried { get; init; }

    /// <summary>Attachments that were granted.</summary>
    public required long Attachments { get; init; }

    /// <summary>Certificates renewed.</summary>
    public required long Renewals { get; init; }

    /// <summary>Requests of members for a delegation that were granted.</summary>
    public required long Delegations { get; init; }

    /// <summary>Members that may introduce, as far as this hub knows.</summary>
    public required int Delegates { get; init; }

    /// <summary>Sessions closed because a newer one of the same key came.</summary>
    public required long Superseded { get; init; }

    /// <summary>Messages passed from newcomers to gateways.</summary>
    public required long ToGateways { get; init; }

    /// <summary>Messages passed from gateways to newcomers.</summary>
    public required long FromGateways { get; init; }

    /// <summary>Offers, answers and candidate batches among the messages passed.</summary>
    public required long Signals { get; init; }

    /// <summary>Signals for pages that came out of the overlay.</summary>
    public long ToGuests { get; init; }

    /// <summary>Messages of pages, their answers included, that went into the overlay.</summary>
    public long FromGuests { get; init; }

    /// <summary>Signals of pages that reached nobody.</summary>
    public long GuestDrops { get; init; }

    /// <summary>Messages for which nobody was there.</summary>
    public required long Unreachable { get; init; }

    /// <summary>Refusals, indexed by <see cref="AdmitRefusal"/>.</summary>
    public required IReadOnlyList<long> RefusedBy { get; init; }

    /// <summary>Drops, indexed by <see cref="DropReason"/>.</summary>
    public required IReadOnlyList<long> DroppedBy { get; init; }

    /// <summary>Sessions closed by the hub, indexed by <see cref="HubClose"/>.</summary>
    public required IReadOnlyList<long> ClosedBy { get; init; }

    public long RefusedFor(AdmitRefusal reason) => RefusedBy[(int)reason];

    public long DroppedFor(DropReason reason) => DroppedBy[(int)reason];

    public long ClosedFor(HubClose reason) => ClosedBy[(int)reason];
}

/// <summary>The counters behind <see cref="HubStatistics"/>.</summary>
internal sealed class HubCounters
{
    public readonly long[] Modes = new long[(int)AdmitMode.Retry + 1];
    public readonly long[] Refused = new long[(int)AdmitRefusal.RootSecretWrong + 1];
    public readonly long[] Dropped = new long[(int)DropReason.QueueFull + 1];
    public readonly long[] Closed = new long[(int)HubClose.Idle + 1];
    public int MaxSessions;
    public long Attachments;
    public long ToGuests;
    public long FromGuests;
    public long GuestDrops;
    public long Renewals;
    public long Delegations;
    public long ToGateways;
    public long FromGateways;
    public long Signals;
    public long Unreachable;
}
