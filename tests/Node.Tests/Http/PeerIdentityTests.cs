using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Overlay.Nodes.Http;
using Overlay.Nodes.Streams;
using Overlay.Runtime.Channels;

namespace Overlay.Nodes.Tests.Http;

/// <summary>The application knows which node asks.</summary>
public sealed class PeerIdentityTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_asking_nodes_id_is_a_feature_and_a_claim()
    {
        await using var pair = new WebPair();
        PeerAddress? ofConnection = null;
        await pair.StartAsync(
            app => app.MapGet("/", (HttpContext context, ClaimsPrincipal user) =>
                $"{context.GetOverlayPeer()} {user.FindFirstValue(OverlayClaims.Id)} {user.FindFirstValue(OverlayClaims.Proof)} {user.Identity!.Name} {user.Identity.IsAuthenticated}"),
            listen => listen.Use(next => connection =>
            {
                ofConnection = connection.Features.Get<IOverlayPeerFeature>()!.Remote;
                return next(connection);
            }));

        var text = await pair.CreateClient().GetStringAsync("/", Cancelled);

        Assert.Equal($"{pair.Client.Address} {pair.Client.Address} key {pair.Client.Address} False", text);
        Assert.Equal(pair.Client.Address, ofConnection!.Value.Text);
    }

    [Fact]
    public async Task The_node_itself_is_told_apart_from_others()
    {
        await using var pair = new WebPair();
        await pair.StartAsync(app => app.MapGet("/", (ClaimsPrincipal user) => user.FindFirstValue(OverlayClaims.Proof)));
        using var client = new HttpClient(new OverlayHttpHandler(WebPair.HttpNode(pair.Server, "alice"), null));

        Assert.Equal("self", await client.GetStringAsync("http://localhost.overlay/", Cancelled));
    }

    // A login of the application's own must not be passed by merely being a node.
    [Theory]
    [InlineData(false, HttpStatusCode.Unauthorized)]
    [InlineData(true, HttpStatusCode.OK)]
    public async Task A_node_is_an_authenticated_user_only_where_the_application_says_so(bool addsOverlay, HttpStatusCode expected)
    {
        await using var pair = new WebPair();
        var authentication = pair.Builder.Services.AddAuthentication(addsOverlay ? OverlayAuthenticationExtensions.Scheme : "Deaf");
        _ = addsOverlay ? authentication.AddOverlay() : authentication.AddScheme<OverlayAuthenticationOptions, DeafHandler>("Deaf", null);
        pair.Builder.Services.AddAuthorization();
        await pair.StartAsync(app =>
        {
            app.UseAuthentication();
            app.UseAuthorization();
            app.MapGet("/", (ClaimsPrincipal user) => user.Identity!.Name).RequireAuthorization();
        });

        using var response = await pair.CreateClient().GetAsync("/", Cancelled);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(addsOverlay ? pair.Client.Address : "", await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Theory]
    [InlineData(false, HttpStatusCode.Unauthorized)]
    [InlineData(true, HttpStatusCode.OK)]
    public async Task A_pages_word_is_taken_only_where_that_is_allowed(bool isAccepted, HttpStatusCode expected)
    {
        await using var pair = new WebPair();
        pair.Builder.Services.AddAuthentication().AddOverlay(options => options.AcceptVouched = isAccepted);
        pair.Builder.Services.AddAuthorization();
        await pair.StartAsync(app =>
        {
            app.UseAuthentication();
            app.UseAuthorization();
            app.MapGet("/", () => "hello").RequireAuthorization();
        });
        var page = pair.Network.Add(isPage: true);
        using var client = new HttpClient(new OverlayHttpHandler(WebPair.HttpNode(page, "page"), null));

        using var response = await client.GetAsync("http://alice.overlay/", Cancelled);

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Policies_can_ask_for_a_certain_node()
    {
        await using var pair = new WebPair();
        pair.Builder.Services.AddAuthentication().AddOverlay();
        pair.Builder.Services.AddAuthorization();
        await pair.StartAsync(app =>
        {
            app.UseAuthentication();
            app.UseAuthorization();
            app.MapGet("/mine", () => "hello").RequireAuthorization(policy => policy.RequireClaim(OverlayClaims.Id, pair.Client.Address));
            app.MapGet("/others", () => "hello").RequireAuthorization(policy => policy.RequireClaim(OverlayClaims.Id, "000000000000"));
        });

        using var mine = await pair.CreateClient().GetAsync("/mine", Cancelled);
        using var others = await pair.CreateClient().GetAsync("/others", Cancelled);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden), (mine.StatusCode, others.StatusCode));
    }

    private sealed class DeafHandler(
        Microsoft.Extensions.Options.IOptionsMonitor<OverlayAuthenticationOptions> options, Microsoft.Extensions.Logging.ILoggerFactory loggers, System.Text.Encodings.Web.UrlEncoder encoder)
        : Microsoft.AspNetCore.Authentication.AuthenticationHandler<OverlayAuthenticationOptions>(options, loggers, encoder)
    {
        protected override Task<Microsoft.AspNetCore.Authentication.AuthenticateResult> HandleAuthenticateAsync() =>
            Task.FromResult(Microsoft.AspNetCore.Authentication.AuthenticateResult.NoResult());
    }
}
