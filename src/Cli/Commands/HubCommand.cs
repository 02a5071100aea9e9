using System.CommandLine;
using System.Net;
using Overlay.Admission;
using Overlay.Cli.Output;
using Overlay.Cli.Watching;
using Overlay.Hub;
using Overlay.Identity;
using Overlay.Runtime.Sockets;
using Overlay.Status;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay hub</c>: introduces newcomers to the network, and is needed for nothing else.</summary>
internal static class HubCommand
{
    public static Command Create(Signals signals)
    {
        var port = CommonOptions.Port("--port", 5000, "The TCP port; 0 takes any free one.");
        var data = new Option<string?>("--data") { Description = "The directory of the hub's key. Default: under the user's state folder." };
        var listen = CommonOptions.Listen();
        listen.Description = "The address to listen on, or a subnet of which this machine has one. Default: loopback only.";
        var open = new Option<bool>("--open") { Description = "Admit anybody also where the address is not loopback (not resistant to many identities)." };
        var tokens = new Option<string[]>("--token") { Description = "A join token that admits its bearer; may be given several times." };
        var rootSecret = new Option<string?>("--root-secret") { Description = "The secret by which a node becomes the root of a tree; with one, nobody founds the network but who knows it." };
        var stun = CommonOptions.Port("--stun-port", 0, "Answer STUN on this UDP port; 0 does not.");
        var turn = new Option<string[]>("--turn") { Description = "A TURN server for pages, turn:HOST:PORT?transport=udp; may be given several times. Needs --turn-secret." };
        var turnSecret = new Option<string?>("--turn-secret") { Description = "The secret shared with the TURN servers (coturn: static-auth-secret)." };
        var dialled = new Option<string?>("--address")
        {
            Description = "Where others dial this hub, ws://HOST:PORT or wss://…: its members hand it on, and call it there when it comes back. Default: where it listens, if that is one address.",
        };
        dialled.Validators.Add(static result =>
        {
            if (result.Tokens.Count == 1 && !(HubPlace.IsAddress(result.Tokens[0].Value) && Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out _)))
            {
                result.AddError($"--address: '{result.Tokens[0].Value}' is not a hub's address. Write ws://HOST:PORT or wss://HOST:PORT, at most {HubPlace.MaxAddressLength} characters.");
            }
        });
        var status = StatusOption.Create();
        var json = CommonOptions.Json();
        var command = new Command("hub", "Run a hub: certificates and introductions for a network. " + ExitCodes.Help) { port, data, listen, dialled, open, tokens, rootSecret, stun, turn, turnSecret, status, json };
        command.SetAction((parsed, cancellationToken) =>
        {
            var terminal = new Terminal(parsed.GetValue(json));
            HubOptions Options() => new() // Made under guard: a subnet may be none of this machine's.
            {
                Port = parsed.GetValue(port),
                Listen = parsed.GetValue(listen) is { } address ? LocalAddress.Parse(address) : IPAddress.Loopback,
                Address = parsed.GetValue(dialled),
                DataDirectory = parsed.GetValue(data) ?? DefaultData(),
                Open = parsed.GetValue(open),
                StunPort = parsed.GetValue(stun) is > 0 and var stunPort ? stunPort : null,
                Tokens = parsed.GetValue(tokens) ?? [],
                RootSecret = parsed.GetValue(rootSecret) ?? "",
                Ice = new IceConfiguration { TurnUrls = parsed.GetValue(turn) ?? [], TurnSecret = parsed.GetValue(turnSecret) ?? "" },
            };

            return Failures.GuardAsync(
                terminal, stop => RunAsync(terminal, Options(), parsed.GetValue(status), signals, stop), cancellationToken);
        });
        return command;
    }

    private static string DefaultData() => Path.Combine(StateFolder.Path, "hub");

    private static async Task<int> RunAsync(Terminal terminal, HubOptions options, StatusAddress? status, Signals signals, CancellationToken cancellationToken)
    {
        await using var source = status is null ? null : new HubStatusSource(options);
        await using var hub = await HubServer.StartAsync(options with { OnObserved = source is null ? null : source.Observe }, cancellationToken).ConfigureAwait(false);
        source?.Begin(hub);
        await using var page = status is null ? null : await StatusServer.StartAsync(status, source!, cancellationToken: cancellationToken).ConfigureAwait(false);
        terminal.WriteJson(new { type = "listening", uri = hub.Uri, network = hub.Status.Network, data = options.DataDirectory });
        terminal.Say($"hub of network {hub.Status.Network} at {hub.Uri}  (status: {Status(hub.Uri)})");
        terminal.TellOf(page);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C or SIGTERM.
        }

        await hub.StopAsync(CancellationToken.None).ConfigureAwait(false);
        terminal.WriteJson(new { type = "stopped" });
        return signals.IsTermination ? ExitCodes.Done : ExitCodes.Interrupted;
    }

    private static Uri Status(Uri hub) => new UriBuilder(hub) { Scheme = hub.Scheme == "wss" ? "https" : "http", Path = "/status" }.Uri;
}
