using Overlay.Admission;
using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Simulator.Worlds;

/// <summary>A message on its way over a link or a hub session, or whatever else travels between two ends.</summary>
internal struct InFlight
{
    public Message Message;

    /// <summary>The sender; −1: the hub.</summary>
    public int From;

    /// <summary>The sender's position when it sent; by it the receiver knows the link.</summary>
    public RingId FromId;

    /// <summary>The sender's name of the link.</summary>
    public LinkId FromLink;

    /// <summary>The receiver's name of the link; default where it is the open link to the sender.</summary>
    public LinkId ToLink;

    /// <summary>The hub session, where it is one.</summary>
    public SessionId Session;

    /// <summary>The sender wants to hear that it arrived.</summary>
    public bool WantsAcknowledgement;
}

/// <summary>One end of a link that is not open yet.</summary>
internal sealed class SetUpEnd(int node, LinkId link)
{
    public int Node { get; } = node;

    public LinkId Link { get; } = link;

    public LinkDescription? Local { get; set; }

    public LinkDescription? Remote { get; set; }

    public SetUpEnd? Other { get; set; }

    /// <summary>ICE, DTLS and SCTP are through: messages cross.</summary>
    public bool IsConnected { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>Known beforehand, told when its time has come.</summary>
    public bool Fails { get; set; }
}
