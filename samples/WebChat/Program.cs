// A web application whose only address is a name on the overlay: a page, a minimal API and a SignalR hub.
//   overlay hub
//   dotnet run -- chat ws://localhost:5000
//   overlay proxy        and then http://chat.overlay.localhost:8080/ in any browser of any machine that runs one
using Overlay.Nodes.Http;
using Overlay.Samples.WebChat;

if (args is not [var name, var hub])
{
    await Console.Error.WriteLineAsync("usage: webchat NAME HUB");
    return 2;
}

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
builder.Services.AddOverlayNode(node =>
{
    node.Name = name;
    node.Hubs.Add(new Uri(hub));
});
builder.Services.AddAuthentication().AddOverlay(); // Who asks has proved it already: being a node is the login.
builder.Services.AddAuthorization();
builder.Services.AddSignalR();
builder.WebHost.UseOverlay();

var app = builder.Build();
app.UseFileServer();
app.MapGet("/api/me", (HttpContext context) => new { id = context.GetOverlayPeer()?.ToString(), name = context.User.Identity?.Name });
app.MapHub<ChatHub>("/chat").RequireAuthorization();
await app.RunAsync();
return 0;
