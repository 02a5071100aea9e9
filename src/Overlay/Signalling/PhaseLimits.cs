namespace Overlay.Signalling;

/// <summary>How long each phase of a set-up may take (design §15). The whole is <see cref="OverlayOptions.LinkSetUpTimeout"/>.</summary>
public static class PhaseLimits
{
    public static readonly TimeSpan Gather = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Signal = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Check = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Dtls = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Sctp = TimeSpan.FromSeconds(3);
    public static readonly TimeSpan Proof = TimeSpan.FromSeconds(2);

    /// <summary>The limit of <paramref name="phase"/>.</summary>
    public static TimeSpan Of(LinkPhase phase) => phase switch
    {
        LinkPhase.Gather => Gather,
        LinkPhase.Signal => Signal,
        LinkPhase.Check => Check,
        LinkPhase.Dtls => Dtls,
        LinkPhase.Sctp => Sctp,
        _ => Proof,
    };
}
