using System.CommandLine;
using Overlay.Status;

namespace Overlay.Cli.Watching;

/// <summary><c>--status [ADDRESS]:PORT</c>: where a command shows its network to browsers.</summary>
internal static class StatusOption
{
    /// <summary>Any free port of this machine: what the option means without a value.</summary>
    private static readonly StatusAddress Anywhere = new(null, 0);

    /// <summary>The option of a hub or a node: an address.</summary>
    public static Option<StatusAddress?> Create() => New($"Show the network live at http://localhost:PORT/. {StatusAddress.Form}", ArgumentArity.ExactlyOne);

    /// <summary>The option of the demo: the address may be left out.</summary>
    public static Option<StatusAddress?> CreateOptional() =>
        New("Show the network live in a browser, and go on until Ctrl-C (or --duration) with members that come and go. Without an address: any free port of this machine.", ArgumentArity.ZeroOrOne);

    private static Option<StatusAddress?> New(string description, ArgumentArity arity) => new("--status")
    {
        Description = description,
        HelpName = ":PORT",
        Arity = arity,
        CustomParser = static result =>
        {
            if (result.Tokens.Count == 0)
            {
                return Anywhere;
            }

            if (!StatusAddress.TryParse(result.Tokens[0].Value, out var address))
            {
                result.AddError($"--status: '{result.Tokens[0].Value}' is no address to listen on. {StatusAddress.Form}");
            }

            return address;
        },
    };
}
