using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Overlay.Admission;

namespace Overlay.Hub;

/// <summary>Turns an HTTP upgrade into a session: says which protocol is spoken, or why not.</summary>
internal sealed class HubEndpoint(HubLoop loop, HubOptions options)
{
    /// <summary>The subprotocol of the overlay's binary messages; without any, Smoke's JSON is spoken.</summary>
    public const string Subprotocol = "overlay.v1";

    private readonly TokenList _tokens = new(options.ToAdmission().Tokens);

    public async Task HandleAsync(HttpContext context)
    {
        var asked = context.WebSockets.WebSocketRequestedProtocols;
        var protocol = asked.Count == 0 ? HubProtocol.Smoke : HubProtocol.Overlay;
        if (protocol == HubProtocol.Overlay && !asked.Contains(Subprotocol))
        {
            await RefuseAsync(
                context,
                StatusCodes.Status400BadRequest,
                $"This hub does not speak the subprotocol {string.Join(", ", asked)}: ask for {Subprotocol}, or for none (Smoke JSON).");
            return;
        }

        if (protocol == HubProtocol.Smoke && options.Delegate is not null)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, $"A member introduces nodes here, and serves no pages: ask for the subprotocol {Subprotocol}, or go to a hub.");
            return;
        }

        if (protocol == HubProtocol.Smoke && WhyNoPage(context) is { } why)
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, why);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = protocol == HubProtocol.Overlay ? Subprotocol : null,
            KeepAliveInterval = options.KeepAlivePeriod,
            KeepAliveTimeout = options.KeepAlivePeriod,
        });
        using var connection = new HubConnection(loop.NextSession(), socket, protocol, PrefixOf(context), options);
        await loop.ServeAsync(connection);
    }

    /// <summary>Pages have no key to prove; whom the hub would not admit as a node, it does not serve as a page either.</summary>
    private string? WhyNoPage(HttpContext context) => options.ToAdmission().Policy switch
    {
        AdmissionPolicy.Open => null,
        AdmissionPolicy.Tokens => _tokens.Contains(context.Request.Query["token"].ToString())
            ? null
            : "This hub needs a join token: connect with ?token=… in the address.",
        _ => "This hub admits nobody new.",
    };

    private static RemotePrefix PrefixOf(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address ? RemotePrefix.Of(address.GetAddressBytes()) : default;

    private static async Task RefuseAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }
}
