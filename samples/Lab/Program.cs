// A network to break: a hub and 16 nodes, each a process of its own, messages among them all the time, crashes, frozen processes and leaves every now and then, and every message's trace in a page.
//   dotnet run -c Release --project samples/Lab
//   dotnet run -c Release --project samples/Lab -- --nodes 30 --topology tree --faults 10
using System.CommandLine;
using System.Globalization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Overlay.Samples.Lab;
using Overlay.Samples.Lab.Network;
using Overlay.Samples.Lab.Traces;

var nodes = new Option<int>("--nodes") { Description = "Nodes, each a process of about 60 MB; 2 … 64.", DefaultValueFactory = static _ => 16 };
nodes.Validators.Add(static result => Check(result, 2, 64));
var topology = new Option<string>("--topology") { Description = "ring or tree.", DefaultValueFactory = static _ => "ring" };
topology.AcceptOnlyFromAmong("ring", "tree");
var port = new Option<int>("--port") { Description = "The TCP port of the collector and of the page; 0 takes any free one.", DefaultValueFactory = static _ => 4318 };
port.Validators.Add(static result => Check(result, 0, 65_535));
var faults = new Option<int>("--faults") { Description = "Seconds between two faults; 0: none; at most 3600.", DefaultValueFactory = static _ => 20 };
faults.Validators.Add(static result => Check(result, 0, 3600));
var seed = new Option<int>("--seed") { Description = "Decides who sends, and what happens to whom.", DefaultValueFactory = static _ => 1 };
var command = new RootCommand("A network of processes to break, and a page with its traces.") { nodes, topology, port, faults, seed };
command.SetAction((parsed, cancellationToken) => RunAsync(
    parsed.GetValue(nodes), parsed.GetValue(topology)!, parsed.GetValue(port), parsed.GetValue(faults), new Random(parsed.GetValue(seed)), cancellationToken));
return await command.Parse(args).InvokeAsync();

static void Check(System.CommandLine.Parsing.OptionResult result, int from, int to)
{
    if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value < from || value > to))
    {
        result.AddError($"{result.Option.Name}: '{result.Tokens[0].Value}' is not in {from} … {to}.");
    }
}

static async Task<int> RunAsync(int nodes, string topology, int port, int faults, Random random, CancellationToken cancellationToken)
{
    var traces = new TraceStore();
    LabNetwork? network = null;
    await using var server = LabServer.Build(port, traces, () => network);
    try
    {
        await server.StartAsync(cancellationToken);
    }
    catch (IOException e)
    {
        await Console.Error.WriteLineAsync($"Port {port} cannot be opened: {e.Message} Take another with --port, or any with --port 0.");
        return 2;
    }

    var address = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    Console.WriteLine($"page and OTLP collector at {address}");
    var folder = Directory.CreateTempSubdirectory("overlay-lab-").FullName;
    try
    {
        using var all = network = new LabNetwork(new LabPlan(nodes, topology, address, folder), static told => Console.WriteLine($"{told.At.ToLocalTime():HH:mm:ss} {told.Who,-8} {told.What}"));
        await network.StartAsync(cancellationToken);
        Console.WriteLine($"{nodes} nodes; Ctrl-C ends all");
        await new Disturbance(network, random, TimeSpan.FromSeconds(1), faults == 0 ? null : TimeSpan.FromSeconds(faults)).RunAsync(cancellationToken);
    }
    catch (OperationCanceledException)
    {
        // Ctrl-C while nodes were starting.
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }

    return 0;
}
