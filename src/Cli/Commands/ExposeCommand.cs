using System.CommandLine;
using System.Globalization;
using Overlay.Cli.Output;
using Overlay.Nodes;
using Overlay.Nodes.Bridging;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay expose</c>: a service of this machine on a node's port.</summary>
internal static class ExposeCommand
{
    public static Command Create(Signals signals)
    {
        var target = new Argument<Uri>("url")
        {
            Description = "The service: http://HOST:PORT/ or https://…, which others open as http://NAME.overlay/, or tcp://HOST:PORT.",
            CustomParser = static result =>
            {
                var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && IsService(uri))
                {
                    return uri;
                }

                result.AddError($"'{text}' is no service. Write http://HOST:PORT, https://HOST:PORT or tcp://HOST:PORT.");
                return null!;
            },
        };
        var port = new Option<int?>("--port")
        {
            Description = "The node's port, 1 … 65535. Default: 80 for http and https; for tcp the service's own.",
            CustomParser = static result =>
            {
                var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 1 and <= ushort.MaxValue)
                {
                    return value;
                }

                result.AddError($"--port: '{text}' is not a whole number in 1 … 65535.");
                return null;
            },
        };
        var rewrite = new Option<bool>("--rewrite-host") { Description = "Tell an http service its own address as Host, for services that refuse other names." };
        var command = new Command("expose", "Publish a service of this machine on the overlay: whoever is in the network can reach it. " + ExitCodes.Help) { target, port, rewrite };
        var member = new MemberOptions("The name under which others reach it; without one they need the id.");
        member.AddTo(command);
        command.SetAction((parsed, cancellationToken) => member.RunAsync(
            parsed, signals, (terminal, node, stop) => OpenAsync(terminal, node, parsed.GetValue(target)!, parsed.GetValue(port), parsed.GetValue(rewrite), stop), cancellationToken));
        return command;
    }

    private static bool IsService(Uri uri) => uri.Scheme switch
    {
        "http" or "https" => uri.Query.Length == 0 && uri.Fragment.Length == 0,
        "tcp" => uri.Port > 0 && uri.Host.Length > 0 && uri.AbsolutePath is "/" or "",
        _ => false,
    };

    private static async Task<IAsyncDisposable> OpenAsync(Terminal terminal, Node node, Uri target, int? port, bool rewritesHost, CancellationToken cancellationToken)
    {
        if (target.Scheme == "tcp")
        {
            var label = (port ?? target.Port).ToString(CultureInfo.InvariantCulture);
            var exposure = TcpExposure.Start(node, label, target.DnsSafeHost, target.Port, new BridgeOptions { OnEvent = about => MemberOptions.Tell(terminal, about) });
            var address = $"{node.Name ?? node.Id.ToString()}:{label}";
            terminal.WriteJson(new { type = "exposing", target = exposure.To, port = label, address });
            terminal.Say($"tcp {exposure.To} is {address}: 'overlay forward LOCALPORT {address}' leads there");
            return exposure;
        }

        var web = await HttpExposure.StartAsync(node, target, port ?? 80, rewritesHost, about => MemberOptions.Tell(terminal, about), cancellationToken).ConfigureAwait(false);
        terminal.WriteJson(new { type = "exposing", target = target.ToString(), port = $"http:{port ?? 80}", address = web.Uri.ToString() });
        terminal.Say($"{target} is {web.Uri} ('overlay proxy' lets a browser open it)");
        return web;
    }
}
