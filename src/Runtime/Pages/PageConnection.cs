using Overlay.Runtime.Channels;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Pages;

/// <summary>The connection with a page: all its ports and ours are channels on it.</summary>
internal sealed class PageConnection(PeerAddress remote, PeerConnection connection, bool isOfferer) : ChannelConnection(0, remote, connection, isOfferer)
{
    /// <summary>Until when the page may answer our offer; never while none is out. Offers of its own are passed over until then.</summary>
    public WebRtc.Instant AnswerDue { get; set; } = WebRtc.Instant.Never;

    /// <summary>The page's last description.</summary>
    public PeerDescription? Theirs { get; set; }

    /// <summary>Whether ICE was begun anew for the silence there is now: once is enough to learn whether the page is there.</summary>
    public bool HasRestarted { get; set; }

    /// <summary>When the page will have been silent for so long that its hub is asked; never while it is being set up, or where the hub was asked already.</summary>
    public WebRtc.Instant SilentAt => Connection.Phase == PeerPhase.Open && !HasRestarted ? Connection.LastHeardAt + PageHost.Silence : WebRtc.Instant.Never;

    /// <summary>Whether an answer is owed to us.</summary>
    public bool AwaitsAnswer => !AnswerDue.IsNever;

    /// <inheritdoc/>
    public override int MaxMessageBytes => Math.Min(base.MaxMessageBytes, Theirs?.MaxMessageSize ?? base.MaxMessageBytes);
}
