using System.Text.Json.Serialization;
using Overlay.Admission;
using Overlay.Messages;

namespace Overlay.Hub;

/// <summary>What a hub says of itself at <c>/status</c>. Counters are since its start.</summary>
public sealed record HubStatus
{
    /// <summary>The network that the hub's key names, 16 hexadecimal digits.</summary>
    public required string Network { get; init; }

    /// <summary>The hub's number.</summary>
    public required int Hub { get; init; }

    /// <summary>Whether the network was founded.</summary>
    public required bool Founded { get; init; }

    /// <summary>Seconds since the hub's start.</summary>
    public required double UptimeSeconds { get; init; }

    /// <summary>Keys that the hub remembers to have seen.</summary>
    public required int Members { get; init; }

    /// <summary>Members that hold gateway slots now, at most 8.</summary>
    public required int Gateways { get; init; }

    /// <summary>Newcomers in progress and guests.</summary>
    public required int Joiners { get; init; }

    /// <summary>Sessions that have not proved a key yet.</summary>
    public required int HalfOpen { get; init; }

    /// <summary>Pages of the Smoke protocol.</summary>
    public required int Pages { get; init; }

    /// <summary>Open WebSockets.</summary>
    public required HubSockets Sockets { get; init; }

    /// <summary>Offers, answers and candidates that the hub passed between nodes.</summary>
    public required long Signals { get; init; }

    /// <summary>All messages that the hub passed between nodes.</summary>
    public required long Messages { get; init; }

    /// <summary>Signals that the hub passed between pages.</summary>
    public required long PageSignals { get; init; }

    /// <summary>Signals that pages got out of the overlay, and messages of theirs (answers included) that went into it.</summary>
    public required HubGuestSignals GuestSignals { get; init; }

    /// <summary>Admissions by what the newcomer was told to do.</summary>
    public required HubAdmissions Admissions { get; init; }

    /// <summary>Refusals by reason, the reasons that occurred.</summary>
    public required IReadOnlyDictionary<string, long> Refused { get; init; }

    /// <summary>Dropped messages by reason, the reasons that occurred.</summary>
    public required IReadOnlyDictionary<string, long> Dropped { get; init; }

    internal static HubStatus From(HubAdmission hub, SmokeHub smoke, int sockets, int maxSockets, long slowClients, TimeSpan uptime, int number)
    {
        var now = hub.Statistics;
        return new()
        {
            Network = hub.Network.ToString(),
            Hub = number,
            Founded = now.IsFounded,
            UptimeSeconds = Math.Round(uptime.TotalSeconds, 3),
            Members = now.KnownMembers,
            Gateways = now.Gateways,
            Joiners = now.Joiners,
            HalfOpen = now.HalfOpen,
            Pages = smoke.Pages,
            Sockets = new(sockets, maxSockets, slowClients),
            Signals = now.Signals,
            Messages = now.ToGateways + now.FromGateways,
            PageSignals = smoke.Forwarded,
            GuestSignals = new(now.ToGuests, now.FromGuests, now.GuestDrops),
            Admissions = new(now.Founders, now.Introduced, now.Retried, now.Attachments, now.Renewals, now.Superseded, now.Delegations),
            Refused = Named<AdmitRefusal>(now.RefusedBy),
            Dropped = Named<DropReason>(now.DroppedBy),
        };
    }

    private static Dictionary<string, long> Named<T>(IReadOnlyList<long> counts)
        where T : struct, Enum
    {
        var named = new Dictionary<string, long>(StringComparer.Ordinal);
        var names = Enum.GetNames<T>();
        for (var i = 0; i < counts.Count; i++)
        {
            if (counts[i] > 0)
            {
                named.Add(System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(names[i]), counts[i]);
            }
        }

        return named;
    }
}

/// <summary>Open WebSockets of a hub.</summary>
/// <param name="Now">Open now.</param>
/// <param name="Max">The most that were open at once.</param>
/// <param name="TooSlow">Aborted because they did not read.</param>
public sealed record HubSockets(int Now, int Max, long TooSlow);

/// <summary>Pages and the overlay.</summary>
/// <param name="Received">Signals out of the overlay that went to pages.</param>
/// <param name="Sent">Messages of pages that went into the overlay.</param>
/// <param name="Dropped">Signals of pages that reached nobody.</param>
public sealed record HubGuestSignals(long Received, long Sent, long Dropped);

/// <summary>What newcomers and members were told.</summary>
public sealed record HubAdmissions(long Founders, long Introduced, long Retried, long Attachments, long Renewals, long Superseded, long Delegations);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(HubStatus))]
internal sealed partial class HubJson : JsonSerializerContext;
