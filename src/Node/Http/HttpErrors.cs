using Overlay.Runtime;

namespace Overlay.Nodes.Http;

/// <summary>Failures of the overlay as <see cref="HttpClient"/> tells them.</summary>
internal static class HttpErrors
{
    public static HttpRequestException Of(OverlayException e) => new(ErrorOf(e.Reason), e.Message, e);

    private static HttpRequestError ErrorOf(OverlayError reason) => reason switch
    {
        OverlayError.HostUnreachable => HttpRequestError.NameResolutionError,
        OverlayError.ConnectionRefused or OverlayError.TimedOut or OverlayError.NotAnOverlayHost => HttpRequestError.ConnectionError,
        OverlayError.InvalidMessage => HttpRequestError.InvalidResponse,
        OverlayError.ChannelClosed or OverlayError.ChannelLost => HttpRequestError.ResponseEnded,
        _ => HttpRequestError.Unknown,
    };
}
