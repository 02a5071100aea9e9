using System.CommandLine;
using System.Net;
using Overlay.Cli.Output;
using Overlay.Nodes;
using Overlay.Nodes.Bridging;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay proxy</c>: lets browsers of this machine open <c>http://NAME.overlay/</c>.</summary>
internal static class ProxyCommand
{
    public static Command Create(Signals signals)
    {
        var port = CommonOptions.Port("--port", 8080, "The TCP port; 0 takes any free one.");
        var bind = new Option<string?>("--bind") { Description = "The IP address to listen on. Default: loopback. Whoever can reach another one speaks as this node." };
        bind.Validators.Add(static result => CommonOptions.CheckEach(result, static text => IPAddress.TryParse(text, out _) ? null : $"--bind: '{text}' is no IP address."));
        var command = new Command("proxy", "Run an HTTP proxy to the overlay, and to nothing else: http://NAME.overlay.localhost:PORT/ in any browser. " + ExitCodes.Help) { port, bind };
        var member = new MemberOptions("The name to register for this node itself; none is needed.");
        member.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var local = new IPEndPoint(parsed.GetValue(bind) is { } address ? IPAddress.Parse(address) : IPAddress.Loopback, parsed.GetValue(port));
            return member.RunAsync(parsed, signals, (terminal, node, stop) => OpenAsync(terminal, node, local, stop), cancellationToken);
        });
        return command;
    }

    private static async Task<IAsyncDisposable> OpenAsync(Terminal terminal, Node node, IPEndPoint local, CancellationToken cancellationToken)
    {
        var proxy = await HttpProxy.StartAsync(node, local, new BridgeOptions { OnEvent = about => MemberOptions.Tell(terminal, about) }, cancellationToken).ConfigureAwait(false);
        terminal.WriteJson(new { type = "proxying", uri = proxy.Uri, pac = proxy.PacUri });
        terminal.Say($"open http://NAME.overlay.localhost:{proxy.Uri.Port}/ in a browser; with the automatic proxy configuration {proxy.PacUri}, http://NAME.overlay/");
        return proxy;
    }
}
