// A folder of one machine, for everybody in the network. Files of any length are streamed, and never in memory as a whole.
//   overlay hub
//   dotnet run -- share ws://localhost:5000 alice ./music
//   dotnet run -- list ws://localhost:5000 alice
//   dotnet run -- get ws://localhost:5000 alice song.ogg
using Overlay.Nodes;
using Overlay.Nodes.Rest;
using Overlay.Runtime;

switch (args)
{
    case ["share", var hub, var name, var folder]:
        await ShareAsync(new Uri(hub), name, Path.GetFullPath(folder));
        return 0;
    case ["list", var hub, var name]:
        return await FetchAsync(new Uri(hub), $"rest://{name}/", response => response.Body.AsStream().CopyToAsync(Console.OpenStandardOutput()));
    case ["get", var hub, var name, var file]:
        return await FetchAsync(new Uri(hub), $"rest://{name}/files/{Uri.EscapeDataString(file)}", response => SaveAsync(response, file));
    default:
        await Console.Error.WriteLineAsync("usage: fileshare share HUB NAME FOLDER | list HUB NAME | get HUB NAME FILE");
        return 2;
}

static async Task ShareAsync(Uri hub, string name, string folder)
{
    await using var node = await Node.StartAsync(new NodeOptions { Name = name, Hubs = { hub } });
    await using var server = node.Rest.CreateServer();
    server.MapGet("/", _ => string.Concat(Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path) + "\n").Order(StringComparer.Ordinal)));
    server.MapGet("/files/{name}", context =>
    {
        var file = context.Request.Params["name"];
        var path = Path.Combine(folder, file);
        return Path.GetFileName(file) == file && File.Exists(path) // A name with a folder in it is none of ours.
            ? RestResult.Stream(File.OpenRead(path))
            : RestResult.Text("no such file", 404);
    });
    server.Listen();
    Console.WriteLine($"sharing {folder} as {name}");
    await Console.In.ReadToEndAsync();
}

static async Task<int> FetchAsync(Uri hub, string url, Func<FetchResponse, Task> use)
{
    try
    {
        await using var node = await Node.StartAsync(new NodeOptions { Hubs = { hub } });
        await using var response = await node.Rest.FetchAsync(url);
        if (!response.IsSuccess)
        {
            await Console.Error.WriteLineAsync($"{response.Status} {await response.ReadTextAsync()}");
            return 1;
        }

        await use(response);
        return 0;
    }
    catch (OverlayException e)
    {
        await Console.Error.WriteLineAsync(e.Message);
        return 1;
    }
}

static async Task SaveAsync(FetchResponse response, string file)
{
    await using var saved = File.Create(Path.GetFileName(file));
    await response.Body.AsStream().CopyToAsync(saved);
    Console.WriteLine($"{file}: {saved.Length:N0} bytes");
}
