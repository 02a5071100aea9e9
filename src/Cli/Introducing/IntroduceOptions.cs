using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Overlay.Hub;
using Overlay.Runtime.Hubs;

namespace Overlay.Cli.Introducing;

/// <summary><c>--introduce</c> and what belongs to it: where a member admits others, whom, and what they are told.</summary>
internal sealed class IntroduceOptions
{
    private readonly Option<string?> _introduce = new("--introduce")
    {
        Description = "Introduce newcomers at [ADDRESS]:PORT, also when every hub is gone: others give ws://ADDRESS:PORT as their --hub. "
            + "Without ADDRESS: loopback. The hub grants the right to; --data keeps it.",
    };

    private readonly Option<string?> _as = new("--introduce-as")
    {
        Description = "The address that others are told, ws://HOST:PORT or wss://…, where it is another than --introduce says (a NAT, a proxy, a name).",
    };

    private readonly Option<bool> _open = new("--introduce-open")
    {
        Description = "Introduce anybody also where ADDRESS is not loopback (not resistant to many identities).",
    };

    private readonly Option<string[]> _tokens = new("--introduce-token") { Description = "A join token that lets its bearer be introduced; may be given several times." };

    public IntroduceOptions()
    {
        _introduce.Validators.Add(static result => Check(result, static text => TryParse(text, out _) ? null
            : $"--introduce: '{text}' is no place to listen. Write :PORT, ADDRESS:PORT or [IPV6]:PORT, with a port in 1 … 65535 that others can come back to."));
        _as.Validators.Add(static result => Check(result, static text => IsHub(text) ? null
            : $"--introduce-as: '{text}' is not a hub's address. Write ws://HOST:PORT or wss://HOST:PORT, at most 256 characters."));
    }

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_introduce);
        command.Options.Add(_as);
        command.Options.Add(_open);
        command.Options.Add(_tokens);
        command.Validators.Add(Judge);
    }

    /// <summary>The endpoint, or null where nobody is to be introduced.</summary>
    /// <param name="parsed">The command line, without errors.</param>
    /// <param name="dataDirectory">The node's own; null: the endpoint's memory ends with the run too.</param>
    public IIntroduction? Read(ParseResult parsed, string? dataDirectory)
    {
        if (parsed.GetValue(_introduce) is not { } place || !TryParse(place, out var listen))
        {
            return null;
        }

        var options = new HubOptions
        {
            Listen = listen.Address,
            Port = listen.Port,
            Open = parsed.GetValue(_open),
            Tokens = parsed.GetValue(_tokens) ?? [],
            DataDirectory = dataDirectory is null ? null : Path.Combine(dataDirectory, "introduce"),
        };
        var isAny = listen.Address.Equals(IPAddress.Any) || listen.Address.Equals(IPAddress.IPv6Any);
        var address = parsed.GetValue(_as) ?? (isAny ? "" : $"ws://{listen}/");
        return new HubIntroduction(options, address, TimeProvider.System);
    }

    /// <summary>What none of the options can see alone.</summary>
    private void Judge(CommandResult command)
    {
        var isThere = command.GetResult(_introduce) is { Errors: var errors } introduce && !errors.Any() && introduce.Tokens.Count == 1;
        if (!isThere)
        {
            foreach (var option in new Option[] { _as, _open, _tokens })
            {
                if (command.GetResult(_introduce) is null && command.GetResult(option) is { Implicit: false })
                {
                    command.AddError($"{option.Name} says how newcomers are introduced; say where, too: --introduce [ADDRESS]:PORT.");
                }
            }

            return;
        }

        var place = command.GetResult(_introduce)!.Tokens[0].Value;
        var (isOpen, hasTokens) = (command.GetResult(_open) is { Implicit: false }, command.GetResult(_tokens) is { Implicit: false });
        if (isOpen && hasTokens)
        {
            command.AddError("--introduce-open and --introduce-token exclude each other: who introduces anybody asks for no token.");
        }
        else if (TryParse(place, out var listen) && !IPAddress.IsLoopback(listen.Address) && !isOpen && !hasTokens)
        {
            command.AddError($"--introduce: strangers can reach {place}: introduce anybody (--introduce-open), or ask for join tokens (--introduce-token).");
        }
    }

    private static void Check(OptionResult result, Func<string, string?> judge)
    {
        foreach (var token in result.Tokens)
        {
            if (judge(token.Value) is { } error)
            {
                result.AddError(error);
            }
        }
    }

    private static bool IsHub(string text) => text.Length <= 256 && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "ws" or "wss";

    private static bool TryParse(string text, out IPEndPoint listen)
    {
        var isParsed = IPEndPoint.TryParse(text.StartsWith(':') ? IPAddress.Loopback + text : text, out var parsed);
        listen = parsed ?? new IPEndPoint(IPAddress.Loopback, 0);
        return isParsed && listen.Port is > 0 and <= ushort.MaxValue;
    }
}
