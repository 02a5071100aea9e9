using Overlay.Runtime;

namespace Overlay.Nodes.Bridging;

/// <summary>A failure on the way to a node, in words for whoever sits at the browser.</summary>
internal readonly record struct ProxyFailure(int Status, OverlayError Reason, string Title, string Cause, string Cure)
{
    public static ProxyFailure Of(HttpRequestException e, string host) => e.InnerException is OverlayException cause
        ? Of(cause, host)
        : new(502, OverlayError.InvalidMessage, "No answer", $"{host} broke off before it had answered: {e.Message}", "Try again; if it stays so, the service there is at fault.");

    public static ProxyFailure Of(OverlayException e, string host) => e.Reason switch
    {
        OverlayError.TimedOut => new(504, e.Reason, "No answer in time", e.Message, $"{host} may be down, or the way to it overloaded. Try again in a moment."),
        OverlayError.ConnectionRefused => new(502, e.Reason, "Nobody listens there", e.Message, "The node is there, but serves nothing on this port. 'overlay expose' publishes a service there."),
        OverlayError.HostUnreachable => new(502, e.Reason, "No such node", e.Message, "Check the name or id, and whether the node is up."),
        OverlayError.NotAnOverlayHost => new(403, e.Reason, "Not on the overlay", e.Message, "Write http://NAME.overlay/."),
        OverlayError.Stopped => new(503, e.Reason, "The node has stopped", e.Message, "Start the proxy again."),
        _ => new(502, e.Reason, "The way is broken", e.Message, "Try again in a moment."),
    };
}
