// A node for other programs to test against: pages with smoke-node, other nodes, another SmokeCompat.
using System.Text.Json;
using Overlay.Nodes;
using Overlay.Runtime;
using Overlay.Samples.SmokeCompat;

using var ending = new CancellationTokenSource();
using var interrupted = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGINT, Stop);
using var terminated = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGTERM, Stop);
try
{
    switch (args)
    {
        case ["serve", "--hub", var hub]:
            await using (var node = await StartAsync(hub))
            {
                await Server.RunAsync(node, ending.Token);
            }

            return 0;
        case ["probe", "--hub", var hub, var address]:
            await using (var node = await StartAsync(hub))
            {
                var results = await new Probe(node, address, ending.Token).RunAsync();
                Console.WriteLine(JsonSerializer.Serialize(results));
                return results.Values.All(result => result.Ok) ? 0 : 1;
            }

        default:
            await Console.Error.WriteLineAsync("usage: smokecompat serve --hub URL | probe --hub URL ADDRESS");
            return 2;
    }
}
catch (Exception e) when (e is OverlayException or ArgumentException or UriFormatException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return e is OverlayException ? 1 : 2;
}
catch (OperationCanceledException)
{
    return 130;
}

Task<Node> StartAsync(string hub) => Node.StartAsync(new NodeOptions { Hubs = { new Uri(hub) } }, ending.Token);

void Stop(System.Runtime.InteropServices.PosixSignalContext signal)
{
    signal.Cancel = true;
    ending.Cancel();
}
