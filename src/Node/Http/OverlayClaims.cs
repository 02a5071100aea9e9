using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Http;

/// <summary>The claims that say which node has sent a request.</summary>
/// <remarks>
/// Every request over the overlay has them on <c>HttpContext.User</c>. They do not make the user an authenticated one: an application whose pages ask for
/// a login would be open to every node otherwise. Where being a node suffices, <c>AddAuthentication().AddOverlay()</c> says so.
/// </remarks>
public static class OverlayClaims
{
    /// <summary>The node's id, 12 hexadecimal digits.</summary>
    public const string Id = "overlay:id";

    /// <summary>How it was shown: <c>key</c>, <c>self</c> (this node), or <c>vouched</c> (a page, for which its hub speaks).</summary>
    public const string Proof = "overlay:proof";

    /// <summary>An identity with these claims; without a scheme it is not an authenticated one.</summary>
    internal static ClaimsIdentity IdentityOf(PeerAddress peer, string? scheme)
    {
        var id = peer.Id.ToString();
        var proof = peer.Proof switch
        {
            PeerProof.Self => "self",
            PeerProof.Key => "key",
            _ => "vouched",
        };
        return new ClaimsIdentity([new(Id, id), new(Proof, proof), new(ClaimTypes.NameIdentifier, id), new(ClaimTypes.Name, id)], scheme);
    }
}

/// <summary>Puts the claims where the application looks for them, before anything else of its own runs.</summary>
internal sealed class OverlayClaimsFilter : IStartupFilter
{
    /// <inheritdoc/>
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        application.Use(static (context, next) =>
        {
            if (context.GetOverlayPeer() is { } peer)
            {
                context.User = new ClaimsPrincipal(OverlayClaims.IdentityOf(peer, null));
            }

            return next(context);
        });
        next(application);
    };
}
