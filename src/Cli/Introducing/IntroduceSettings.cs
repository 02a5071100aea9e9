using System.Net;
using Overlay.Hub;
using Overlay.Runtime.Hubs;

namespace Overlay.Cli.Introducing;

/// <summary>Where a member admits others, whom, and what they are told.</summary>
internal sealed class IntroduceSettings
{
    /// <summary>[ADDRESS]:PORT to listen on; without ADDRESS: loopback.</summary>
    /// <value>Default null: the node introduces nobody.</value>
    public string? Listen { get; set; }

    /// <summary>The address that others are told, <c>ws://HOST:PORT</c> or <c>wss://…</c>.</summary>
    /// <value>Default null: where it listens.</value>
    public string? As { get; set; }

    /// <summary>Introduce anybody also where <see cref="Listen"/> is not loopback.</summary>
    public bool Open { get; set; }

    /// <summary>Join tokens, each of which lets its bearer be introduced.</summary>
    public IList<string> Tokens { get; init; } = [];

    /// <summary>Every reason why these settings cannot work, each naming the key.</summary>
    public IEnumerable<string> Errors()
    {
        if (Listen is null)
        {
            if (As is not null || Open || Tokens.Count > 0)
            {
                yield return "Listen: the other settings say how newcomers are introduced; say where, too.";
            }

            yield break;
        }

        if (!TryParse(Listen, out var listen))
        {
            yield return $"Listen: '{Listen}' is no place to listen. Write :PORT, ADDRESS:PORT or [IPV6]:PORT, with a port in 1 … 65535 that others can come back to.";
        }
        else if (!IPAddress.IsLoopback(listen.Address) && !Open && Tokens.Count == 0)
        {
            yield return $"Listen: strangers can reach {Listen}: introduce anybody (Open), or ask for join tokens (Tokens).";
        }

        if (As is not null && !IsHub(As))
        {
            yield return $"As: '{As}' is not a hub's address. Write ws://HOST:PORT or wss://HOST:PORT, at most 256 characters.";
        }

        if (Open && Tokens.Count > 0)
        {
            yield return "Open: it and Tokens exclude each other: who introduces anybody asks for no token.";
        }
    }

    /// <summary>The endpoint, or null where nobody is to be introduced.</summary>
    /// <param name="dataDirectory">The node's own; null: the endpoint's memory ends with the run too.</param>
    public IIntroduction? ToIntroduction(string? dataDirectory)
    {
        if (Listen is null || !TryParse(Listen, out var listen))
        {
            return null;
        }

        var options = new HubOptions
        {
            Listen = listen.Address,
            Port = listen.Port,
            Open = Open,
            Tokens = [.. Tokens],
            DataDirectory = dataDirectory is null ? null : Path.Combine(dataDirectory, "introduce"),
        };
        var isAny = listen.Address.Equals(IPAddress.Any) || listen.Address.Equals(IPAddress.IPv6Any);
        return new HubIntroduction(options, As ?? (isAny ? "" : $"ws://{listen}/"), TimeProvider.System);
    }

    public static bool IsHub(string text) => text.Length <= 256 && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "ws" or "wss";

    public static bool TryParse(string text, out IPEndPoint listen)
    {
        var isParsed = IPEndPoint.TryParse(text.StartsWith(':') ? IPAddress.Loopback + text : text, out var parsed);
        listen = parsed ?? new IPEndPoint(IPAddress.Loopback, 0);
        return isParsed && listen.Port is > 0 and <= ushort.MaxValue;
    }
}
