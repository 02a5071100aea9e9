namespace Overlay.WebRtc.Ice;

/// <summary>How far an agent is.</summary>
public enum IceState : byte
{
    /// <summary>The remote credentials are not known yet; checks of the other side are answered already.</summary>
    New,

    /// <summary>Checks are under way and no pair has answered yet.</summary>
    Checking,

    /// <summary>At least one pair works, so data can flow; the nomination is still open.</summary>
    Connected,

    /// <summary>The selected pair is nominated.</summary>
    Completed,

    /// <summary>The selected pair has left consent checks unanswered; it may recover.</summary>
    Disconnected,

    /// <summary>Nothing is sent any more; <see cref="IceAgent.Failure"/> tells why. Only a restart leads out.</summary>
    Failed,

    /// <summary>Closed by its owner.</summary>
    Closed,
}

/// <summary>Why an agent failed.</summary>
public enum IceFailure : byte
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>The check phase ended without a single pair to check: no usable candidate came and nobody checked us.</summary>
    NoPairs,

    /// <summary>The check phase ended and no pair ever answered.</summary>
    NoResponse,

    /// <summary>Consent to send expired on the selected pair and no other pair answered (RFC 7675 §5.1).</summary>
    ConsentExpired,
}
