using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Overlay.Nodes.Http;

namespace Overlay.Nodes.Tests.Http;

/// <summary>The sample of samples/WebChat, in a process of its own.</summary>
public sealed class WebChatTests
{
    private const string End = "\u001e";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_sample_serves_its_page_knows_who_asks_and_passes_on_what_is_said()
    {
        await using var hub = await TestHub.StartAsync();
        using var sample = Start("chat", hub.Uri.ToString());
        try
        {
            await UntilListeningAsync(sample);
            var bob = await hub.StartNodeAsync();
            using var http = new HttpClient(new OverlayHttpHandler(bob)) { BaseAddress = new Uri("http://chat.overlay/") };

            Assert.Contains("Chat on the overlay", await http.GetStringAsync("/", Cancelled), StringComparison.Ordinal);
            Assert.Contains(bob.Id.ToString(), await http.GetStringAsync("/api/me", Cancelled), StringComparison.Ordinal);
            Assert.Equal((bob.Id.ToString(), "hello"), await SayAsync(bob, "hello"));
        }
        finally
        {
            sample.Kill(entireProcessTree: true);
            await sample.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath! : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "WebChat.dll"));
        Array.ForEach(arguments, start.ArgumentList.Add);
        return Process.Start(start)!;
    }

    private static async Task UntilListeningAsync(Process sample)
    {
        var seen = new StringBuilder();
        while (await Soon.Async(sample.StandardOutput.ReadLineAsync(Cancelled)) is { } line)
        {
            seen.AppendLine(line);
            if (line.Contains("Application started", StringComparison.Ordinal))
            {
                Assert.Contains("http://chat.overlay:80", seen.ToString(), StringComparison.Ordinal);
                return;
            }
        }

        Assert.Fail($"It ended: {seen} {await sample.StandardError.ReadToEndAsync(Cancelled)}");
    }

    /// <summary>SignalR's JSON protocol by hand: says something and hears it.</summary>
    private static async Task<(string? From, string? Text)> SayAsync(Node node, string text)
    {
        using var socket = new ClientWebSocket();
        using var invoker = new HttpMessageInvoker(new OverlayHttpHandler(node));
        await Soon.Async(socket.ConnectAsync(new Uri("ws://chat.overlay/chat"), invoker, Cancelled));
        await SendAsync(socket, """{"protocol":"json","version":1}""");
        await SendAsync(socket, JsonSerializer.Serialize(new { type = 1, target = "Say", arguments = (string[])[text] }));
        var (heard, buffer) = (new StringBuilder(), new byte[4_096]);
        while (true)
        {
            var received = await Soon.Async(socket.ReceiveAsync(buffer.AsMemory(), Cancelled));
            heard.Append(Encoding.UTF8.GetString(buffer, 0, received.Count));
            var said = heard.ToString().Split(End, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(record => record.Contains("\"said\"", StringComparison.Ordinal) && record.EndsWith('}'));
            if (said is not null)
            {
                var words = JsonDocument.Parse(said).RootElement.GetProperty("arguments");
                return (words[0].GetString(), words[1].GetString());
            }
        }
    }

    private static async Task SendAsync(WebSocket socket, string record) =>
        await socket.SendAsync(Encoding.UTF8.GetBytes(record + End), WebSocketMessageType.Text, endOfMessage: true, Cancelled);
}
