namespace Overlay.WebRtc.Ice;

/// <summary>Where a candidate pair stands, for who asks why there is no direct way.</summary>
public enum PairOutcome : byte
{
    /// <summary>Not checked yet.</summary>
    Waiting,

    /// <summary>A check is under way.</summary>
    Checking,

    /// <summary>A check was answered.</summary>
    Works,

    /// <summary>No answer came to any of the checks.</summary>
    NoAnswer,

    /// <summary>The answer came from another place than the check went to: the way there is not the way back (RFC 8445 §7.2.5.2.1).</summary>
    AnsweredFromElsewhere,

    /// <summary>The other side answered with an error.</summary>
    Refused,

    /// <summary>Put aside, because another pair is in use.</summary>
    Spared,

    /// <summary>Data goes over it.</summary>
    Selected,
}

/// <summary>A pair of candidates that ICE has tried, or would have.</summary>
/// <param name="LocalKind">What the local address is.</param>
/// <param name="Local">The local address.</param>
/// <param name="RemoteKind">What the remote address is.</param>
/// <param name="Remote">The remote address.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="RoundTrip">Of the last check that was answered; zero where none was.</param>
public readonly record struct PairReport(
    CandidateKind LocalKind, TransportAddress Local, CandidateKind RemoteKind, TransportAddress Remote, PairOutcome Outcome, TimeSpan RoundTrip);
