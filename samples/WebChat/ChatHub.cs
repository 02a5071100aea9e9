using Microsoft.AspNetCore.SignalR;

namespace Overlay.Samples.WebChat;

/// <summary>Everybody hears what everybody says, under the id that nobody else can have.</summary>
internal sealed class ChatHub : Hub
{
    /// <summary>Says something.</summary>
    public Task Say(string text) => Clients.All.SendAsync("said", Context.User?.Identity?.Name, text);
}
