// Everybody in the network hears what everybody says: each line is a broadcast. "@bob hello" is for bob alone.
//   overlay hub
//   dotnet run -- alice ws://localhost:5000
//   dotnet run -- bob ws://localhost:5000
using System.Text;
using Overlay.Nodes;
using Overlay.Runtime;

if (args is not [var name, var hub])
{
    await Console.Error.WriteLineAsync("usage: chat NAME HUB");
    return 2;
}

await using var node = await Node.StartAsync(new NodeOptions { Name = name, Hubs = { new Uri(hub) } });
Console.WriteLine($"you are {name}; everybody hears what you type, @NAME whispers");
_ = Task.Run(HearAllAsync);
_ = Task.Run(HearWhispersAsync);
while (await Console.In.ReadLineAsync() is { } line)
{
    await SayAsync(line);
}

return 0;

async Task SayAsync(string line)
{
    try
    {
        if (line.StartsWith('@') && line.Split(' ', 2) is [var to, var whisper])
        {
            await node.SendAsync(to[1..], $"{name} (to you): {whisper}");
        }
        else if (line.Length > 0)
        {
            await node.BroadcastAsync(Encoding.UTF8.GetBytes($"{name}: {line}"));
        }
    }
    catch (Exception e) when (e is OverlayException or ArgumentException)
    {
        Console.WriteLine($"not said: {e.Message}");
    }
}

async Task HearAllAsync()
{
    await foreach (var broadcast in node.Broadcasts)
    {
        Console.WriteLine(Encoding.UTF8.GetString(broadcast.Bytes.Span));
    }
}

async Task HearWhispersAsync()
{
    await foreach (var message in node.Messages)
    {
        Console.WriteLine(message.Text);
    }
}
