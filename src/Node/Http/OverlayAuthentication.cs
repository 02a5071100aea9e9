using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overlay.Nodes.Http;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Http
{
    /// <summary>How nodes are authenticated.</summary>
    public sealed class OverlayAuthenticationOptions : AuthenticationSchemeOptions
    {
        /// <summary>Whether a page's id will do, for which nobody but its hub speaks.</summary>
        /// <value>Default false: only ids that were proved with their key.</value>
        public bool AcceptVouched { get; set; }
    }

    /// <summary>A request is from whom its connection is from: there is nothing to log in with.</summary>
    internal sealed class OverlayAuthenticationHandler(IOptionsMonitor<OverlayAuthenticationOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<OverlayAuthenticationOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Context.GetOverlayPeer() is not { } peer)
            {
                return Task.FromResult(AuthenticateResult.NoResult());
            }

            return Task.FromResult(peer.Proof == PeerProof.Vouched && !Options.AcceptVouched
                ? AuthenticateResult.Fail($"{peer} is a page: its id is its hub's word, not a proof.")
                : AuthenticateResult.Success(new(new ClaimsPrincipal(OverlayClaims.IdentityOf(peer, Scheme.Name)), Scheme.Name)));
        }
    }
}

namespace Microsoft.Extensions.DependencyInjection
{
    /// <summary>Authenticates requests by the node that sends them.</summary>
    public static class OverlayAuthenticationExtensions
    {
        /// <summary>The scheme's name.</summary>
        public const string Scheme = "Overlay";

        /// <summary>Adds the scheme <c>Overlay</c>: whoever has proved an id is an authenticated user, with the claims of <see cref="OverlayClaims"/> and the id as name.</summary>
        public static AuthenticationBuilder AddOverlay(this AuthenticationBuilder builder, Action<OverlayAuthenticationOptions>? configure = null)
        {
            ArgumentNullException.ThrowIfNull(builder);
            return builder.AddScheme<OverlayAuthenticationOptions, OverlayAuthenticationHandler>(Scheme, configure);
        }
    }
}
