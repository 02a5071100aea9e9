using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Overlay.Nodes;
using Overlay.Runtime.Sockets;

namespace Overlay.Cli.Commands;

/// <summary>The options that several commands share, each with its check.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Write JSON, one object a line, instead of text." };

    public static Option<string[]> Hubs()
    {
        var option = new Option<string[]>("--hub")
        {
            Description = "A hub's address, ws://HOST:PORT or wss://…; give it several times for several hubs.",
            Required = true,
            AllowMultipleArgumentsPerToken = false,
        };
        option.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!Uri.TryCreate(token.Value, UriKind.Absolute, out var uri) || uri.Scheme is not ("ws" or "wss"))
                {
                    result.AddError($"--hub: '{token.Value}' is not a hub's address. Write ws://HOST:PORT or wss://HOST:PORT.");
                }
            }
        });
        return option;
    }

    public static Option<string?> Data() => new("--data")
    {
        Description = "The directory that keeps key, instance and remembered hub. Default: a new identity for each start.",
    };

    /// <summary>A name to register; what is none is an error that says what one is.</summary>
    public static Option<string?> Name(string description)
    {
        var option = new Option<string?>("--name") { Description = description };
        option.Validators.Add(static result => CheckEach(result, static text => NodeNames.IsName(text) ? null
            : $"--name: '{text}' is no name: 1 … 63 letters, digits, '-', '_' or '.', and not 12 hexadecimal digits."));
        return option;
    }

    /// <summary>Adds what is wrong with each value, if anything.</summary>
    public static void CheckEach(System.CommandLine.Parsing.SymbolResult result, Func<string, string?> judge)
    {
        foreach (var token in result.Tokens)
        {
            if (judge(token.Value) is { } error)
            {
                result.AddError(error);
            }
        }
    }

    public static Option<string?> Listen()
    {
        var option = new Option<string?>("--listen") { Description = "The local address to bind, or a subnet (10.0.0.0/8) of which this machine has one. Default: every address that others may reach." };
        option.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!LocalAddress.IsWellFormed(token.Value))
                {
                    result.AddError($"--listen: '{token.Value}' is no IP address, and no subnet such as 10.0.0.0/8.");
                }
            }
        });
        return option;
    }

    public static Option<int> Port(string name, int defaultValue, string description) => Number(name, 0, ushort.MaxValue, defaultValue, description);

    /// <summary>What the nodes build: all of one network the same.</summary>
    public static Option<Topology> Topology() => new("--topology")
    {
        Description = "What the nodes build: ring or tree; all of one network the same. Default: ring.",
        DefaultValueFactory = _ => Overlay.Topology.Chord,
        CustomParser = static result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (text is "ring" or "chord" or "tree")
            {
                return text == "tree" ? Overlay.Topology.Tree : Overlay.Topology.Chord;
            }

            result.AddError($"--topology: '{text}' is no topology. Write ring or tree.");
            return default;
        },
    };

    /// <summary>Children of a node in a tree: all of one network the same.</summary>
    public static Option<int> Degree() =>
        Number("--degree", 2, 64, OverlayOptions.Default.MaxDegree, "Children of a node in a tree; all of one network the same.");

    /// <summary>How long joining may take.</summary>
    public static Option<TimeSpan> Timeout(int seconds) => new("--timeout")
    {
        Description = $"How long meeting the network may take: 500ms, 30s, 10m, 1h. Default: {seconds}s.",
        DefaultValueFactory = _ => TimeSpan.FromSeconds(seconds),
        CustomParser = static result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (Durations.TryParse(text, out var duration) && duration > TimeSpan.Zero && duration <= TimeSpan.FromHours(24))
            {
                return duration;
            }

            result.AddError($"--timeout: '{text}' is no duration. Write 500ms, 30s, 10m or 1h; at most 24h.");
            return default;
        },
    };

    /// <summary>A length of time that may be left out.</summary>
    public static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = $"{description} 500ms, 30s, 10m, 1h.",
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (Durations.TryParse(text, out var duration) && duration > TimeSpan.Zero && duration <= TimeSpan.FromHours(24))
            {
                return duration;
            }

            result.AddError($"{name}: '{text}' is no duration. Write 500ms, 30s, 10m or 1h; at most 24h.");
            return null;
        },
    };

    /// <summary>A whole number in a range; what is none, or outside, is an error that names the range.</summary>
    public static Option<T> Number<T>(string name, T from, T to, T defaultValue, string description)
        where T : INumber<T> => new(name)
        {
            Description = description,
            DefaultValueFactory = _ => defaultValue,
            CustomParser = result =>
            {
                var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= from && value <= to)
                {
                    return value;
                }

                result.AddError($"{name}: '{text}' is not a whole number in {from} … {to}.");
                return defaultValue;
            },
        };

    /// <summary>An id of 12 hexadecimal digits or a name; anything else is an error that says so.</summary>
    public static Argument<string> Target(string description)
    {
        var argument = new Argument<string>("id|name") { Description = description };
        argument.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!Ring.RingId.TryParse(token.Value, out _) && !NodeNames.IsName(token.Value))
                {
                    result.AddError($"'{token.Value}' is neither an id (12 hexadecimal digits) nor a name (1 … 63 letters, digits, '-', '_' or '.').");
                }
            }
        });
        return argument;
    }

    /// <summary>The hubs as addresses; the validator has seen them.</summary>
    public static List<Uri> ToUris(string[] hubs) => [.. hubs.Select(static hub => new Uri(hub, UriKind.Absolute))];
}
