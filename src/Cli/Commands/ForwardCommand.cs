using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using Overlay.Cli.Output;
using Overlay.Nodes;
using Overlay.Nodes.Bridging;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay forward</c>: a TCP port of this machine that leads to a node's port.</summary>
internal static class ForwardCommand
{
    public static Command Create(Signals signals)
    {
        var local = new Argument<IPEndPoint>("[address:]port")
        {
            Description = "Where to listen; without an address on loopback, port 0 takes any free one.",
            CustomParser = static result => Read(
                result, static text => TcpAddress.TryParse(text, out var where) ? where : null, "is no place to listen. Write PORT, ADDRESS:PORT or [IPV6]:PORT."),
        };
        var target = new Argument<NodePort>("host:port")
        {
            Description = "A node's name or id and its port, as 'overlay expose' has published it: alice:22, alice:http:80.",
            CustomParser = static result => Read(result, NodePort.Parse, "is no node's port. Write NAME:PORT or ID:PORT, such as alice:22."),
        };
        var command = new Command("forward", "Listen on a TCP port of this machine and carry its connections to a node's port. " + ExitCodes.Help) { local, target };
        var member = new MemberOptions("The name to register for this node itself; none is needed.");
        member.AddTo(command);
        command.SetAction((parsed, cancellationToken) => member.RunAsync(
            parsed, signals, (terminal, node, _) => Task.FromResult<IAsyncDisposable>(Open(terminal, node, parsed.GetValue(local)!, parsed.GetValue(target)!)), cancellationToken));
        return command;
    }

    private static TcpForward Open(Terminal terminal, Node node, IPEndPoint where, NodePort target)
    {
        var forward = TcpForward.Start(node, where, target.Host, target.Port, new BridgeOptions { OnEvent = about => MemberOptions.Tell(terminal, about) });
        terminal.WriteJson(new { type = "forwarding", local = forward.Local.ToString(), to = forward.To });
        terminal.Say($"tcp {forward.Local} leads to {forward.To}");
        return forward;
    }

    private static T? Read<T>(ArgumentResult result, Func<string, T?> parse, string isWrong)
        where T : class
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        var value = parse(text);
        if (value is null)
        {
            result.AddError($"'{text}' {isWrong}");
        }

        return value;
    }
}

/// <summary>A node and its port, as people write them.</summary>
internal sealed record NodePort(string Host, string Port)
{
    private const int MaxPortLength = 256;

    /// <summary>Null where it is none. Ports are labels, and may have colons of their own.</summary>
    public static NodePort? Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (host, port) = colon < 0 ? ("", "") : (text[..colon], text[(colon + 1)..]);
        return port.Length is > 0 and <= MaxPortLength && (NodeNames.IsName(host) || Ring.RingId.TryParse(host, out _)) ? new(host, port) : null;
    }
}

/// <summary>Places to listen on: <c>7000</c>, <c>:7000</c>, <c>10.0.0.1:7000</c>, <c>[::1]:7000</c>.</summary>
internal static class TcpAddress
{
    public static bool TryParse(string text, out IPEndPoint where)
    {
        where = new IPEndPoint(IPAddress.Loopback, 0);
        var digits = text.StartsWith(':') ? text[1..] : text;
        if (ushort.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            where = new IPEndPoint(IPAddress.Loopback, port);
            return true;
        }

        var isParsed = text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text, out var parsed) && HasPort(text) && (where = parsed) is not null;
        return isParsed;
    }

    // "::1" is an address, "[::1]:80" one with a port.
    private static bool HasPort(string text) => text.StartsWith('[') ? text.Contains("]:", StringComparison.Ordinal) : text.Count(static c => c == ':') == 1;
}
