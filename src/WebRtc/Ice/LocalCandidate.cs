namespace Overlay.WebRtc.Ice;

/// <summary>A candidate of ours together with the path its datagrams leave by, which is its base.</summary>
internal sealed class LocalCandidate(PathId path, Candidate candidate, int localPreference)
{
    public PathId Path { get; } = path;

    /// <summary>Replaced by a restart, which gives it another fragment.</summary>
    public Candidate Candidate { get; set; } = candidate;

    public TransportAddress Address => Candidate.Address;

    public uint Priority => Candidate.Priority;

    /// <summary>What goes into PRIORITY of a check: the priority this base would have if the check made it peer reflexive (RFC 8445 §7.1.1).</summary>
    public uint CheckPriority { get; } = CandidatePriority.Of(CandidateKind.PeerReflexive, localPreference);
}

/// <summary>A candidate of the other agent: told by signalling, or learnt from a check that came from it.</summary>
internal sealed class RemoteCandidate(Candidate candidate)
{
    /// <summary>Replaced when signalling names an address that a check had taught us before.</summary>
    public Candidate Candidate { get; set; } = candidate;

    public TransportAddress Address => Candidate.Address;

    public uint Priority => Candidate.Priority;
}
