using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Admission;

/// <summary>The STUN and TURN servers of a network, and how short-lived TURN credentials are made.</summary>
/// <remarks>
/// Credentials follow the "REST API for access to TURN services" that coturn and others check (<c>use-auth-secret</c>): the user name is
/// <c>expiry:id</c> with the expiry in Unix seconds, the credential is Base64(HMAC-SHA1(shared secret, user name)).
/// </remarks>
public sealed record IceConfiguration
{
    /// <summary>No servers: enough where all nodes reach each other.</summary>
    public static readonly IceConfiguration None = new();

    /// <summary>Servers at the most; a message to a node carries no more.</summary>
    public const int MaxServers = 16;

    /// <summary>Characters of a URL at the most.</summary>
    public const int MaxUrlLength = 500;

    /// <summary>STUN servers, as <c>stun:host:port</c>.</summary>
    public IReadOnlyList<string> StunUrls { get; init; } = [];

    /// <summary>TURN servers, as <c>turn:host:port?transport=udp</c>; they need <see cref="TurnSecret"/>.</summary>
    public IReadOnlyList<string> TurnUrls { get; init; } = [];

    /// <summary>The secret shared with the TURN servers.</summary>
    public string TurnSecret { get; init; } = "";

    /// <summary>How long a TURN credential is good.</summary>
    /// <value>Default 12 h; a running allocation outlives it.</value>
    public TimeSpan TurnCredentialLife { get; init; } = TimeSpan.FromHours(12);

    /// <summary>The servers with fresh credentials for <paramref name="user"/>.</summary>
    public IReadOnlyList<IceServer> For(Instant now, string user)
    {
        if (StunUrls.Count + TurnUrls.Count == 0)
        {
            return [];
        }

        var servers = new List<IceServer>(StunUrls.Count + TurnUrls.Count);
        foreach (var url in StunUrls)
        {
            servers.Add(new(url, "", ""));
        }

        if (TurnUrls.Count > 0)
        {
            var (name, credential) = TurnCredential(now, user);
            foreach (var url in TurnUrls)
            {
                servers.Add(new(url, name, credential));
            }
        }

        return servers;
    }

    /// <summary>The name of the type alone: secrets are among its values, and what is written out ends in logs and dumps.</summary>
    public override string ToString() => nameof(IceConfiguration);

    /// <summary>Throws where TURN servers have no secret, or a URL has a wrong scheme.</summary>
    public void Validate()
    {
        if (StunUrls.Count + TurnUrls.Count > MaxServers)
        {
            throw new ArgumentException($"StunUrls, TurnUrls: at most {MaxServers} servers together.");
        }

        RequireScheme(StunUrls, "stun:", "stuns:");
        RequireScheme(TurnUrls, "turn:", "turns:");
        if (TurnUrls.Count > 0 && TurnSecret.Length == 0)
        {
            throw new ArgumentException("TurnSecret: TURN servers need the secret that is shared with them.");
        }

        if (TurnCredentialLife <= TimeSpan.Zero)
        {
            throw new ArgumentException($"TurnCredentialLife: {TurnCredentialLife} is not a positive duration.");
        }
    }

    private static void RequireScheme(IReadOnlyList<string> urls, string plain, string secure)
    {
        foreach (var url in urls)
        {
            if (!url.StartsWith(plain, StringComparison.Ordinal) && !url.StartsWith(secure, StringComparison.Ordinal))
            {
                throw new ArgumentException($"'{url}' does not begin with {plain} or {secure}");
            }

            if (url.Length > MaxUrlLength)
            {
                throw new ArgumentException($"'{url}' is longer than {MaxUrlLength} characters.");
            }
        }
    }

    private (string Name, string Credential) TurnCredential(Instant now, string user)
    {
        var expiry = (now.UnixMilliseconds / 1000) + (long)TurnCredentialLife.TotalSeconds;
        var name = string.Create(CultureInfo.InvariantCulture, $"{expiry}:{user}");
#pragma warning disable CA5350 // TURN servers check HMAC-SHA1; as a MAC it is not broken.
        var mac = HMACSHA1.HashData(Encoding.UTF8.GetBytes(TurnSecret), Encoding.UTF8.GetBytes(name));
#pragma warning restore CA5350
        return (name, Convert.ToBase64String(mac));
    }
}
