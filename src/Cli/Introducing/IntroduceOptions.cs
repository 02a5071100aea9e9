using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;

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
        _introduce.Validators.Add(static result => Check(result, static text => IntroduceSettings.TryParse(text, out _) ? null
            : $"--introduce: '{text}' is no place to listen. Write :PORT, ADDRESS:PORT or [IPV6]:PORT, with a port in 1 … 65535 that others can come back to."));
        _as.Validators.Add(static result => Check(result, static text => IntroduceSettings.IsHub(text) ? null
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

    /// <summary>What the command line says goes before what the configuration says.</summary>
    public void ReadInto(ParseResult parsed, IntroduceSettings settings)
    {
        settings.Listen = parsed.GetValue(_introduce) ?? settings.Listen;
        settings.As = parsed.GetValue(_as) ?? settings.As;
        settings.Open |= parsed.GetValue(_open);
        if (parsed.GetValue(_tokens) is { Length: > 0 } tokens)
        {
            settings.Tokens.Clear();
            foreach (var token in tokens)
            {
                settings.Tokens.Add(token);
            }
        }
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
        else if (IntroduceSettings.TryParse(place, out var listen) && !IPAddress.IsLoopback(listen.Address) && !isOpen && !hasTokens)
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
}
