using System.Globalization;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;
using Overlay.Runtime.Channels;
using Overlay.WebRtc.Ice;

namespace Overlay.Runtime.Diagnostics;

/// <summary>An explanation in plain words.</summary>
internal static class ExplanationWriter
{
    /// <summary>The share of a quota from which on it is worth a sentence.</summary>
    private const double NearlyUsed = 0.9;

    /// <summary>The sentences, the most important first.</summary>
    public static IReadOnlyList<string> Write(RingId self, Explanation found)
    {
        var sentences = new List<string>();
        switch (found.Finding)
        {
            case Finding.Reached:
                AddWay(sentences, self, found.Route!);
                AddQuotas(sentences, found);
                AddChannel(sentences, found.Channel);
                break;
            case Finding.Declined:
                sentences.Add($"{found.Target} is in the network and does not answer diagnostics (its option AnswersDiagnostics is off).");
                break;
            default:
                AddMissing(sentences, found);
                break;
        }

        return sentences;
    }

    private static void AddWay(List<string> sentences, RingId self, RouteTrace route)
    {
        var (there, back) = (route.Out(self), route.Back());
        sentences.Add($"{route.Target} answers {Milliseconds(route.RoundTrip)} after it was asked: {Links(route.RouteOut.Count)} there, {Links(route.RouteBack.Count)} back.");
        if (route.Attempt > 0)
        {
            sentences.Add("The first question, or its answer, was lost: a link died on the way, or a node on it is overloaded.");
        }

        AddSlowest(sentences, [.. there, .. back], route.RoundTrip);
        var relayed = there.Where(static hop => hop.Record is { Link.Way: LinkWay.Relayed }).ToList();
        foreach (var hop in relayed)
        {
            sentences.Add($"{hop.Id} and {hop.Record!.Value.Next} do not reach each other directly: a third node passes the datagrams of their link on.");
        }

        if (there.Any(static hop => hop.Record is { IsRerouted: true }))
        {
            sentences.Add("A hop had to find another way: the link that it took first was dead.");
        }

        var silent = there.Count(static hop => hop.Record is null);
        if (silent > 0)
        {
            sentences.Add($"{silent} of {there.Count} nodes of the way say nothing of themselves.");
        }
    }

    /// <summary>Where most of the time goes: half a round trip for each link that was crossed, and what each hop held the message.</summary>
    private static void AddSlowest(List<string> sentences, IReadOnlyList<TracedHop> hops, TimeSpan whole)
    {
        var (most, what, known) = (TimeSpan.Zero, "", TimeSpan.Zero);
        foreach (var record in hops.Select(static hop => hop.Record).OfType<HopRecord>())
        {
            known += (record.Held ?? TimeSpan.Zero) + ((record.Link.RoundTrip ?? TimeSpan.Zero) / 2);
            if (record.Held is { } held && held > most)
            {
                most = held;
                what = $"inside of {record.Hop}, which held the message {Milliseconds(most)}{(record.Link.QueuedBytes > 0 ? $" ({record.Link.QueuedBytes} bytes wait in its next link)" : "")}";
            }

            if (record.Link.RoundTrip is { } roundTrip && roundTrip / 2 > most)
            {
                most = roundTrip / 2;
                what = $"on the link {record.Hop} → {record.Next} ({Words(record.Link)}, round trip {Milliseconds(roundTrip)})";
            }
        }

        if (whole - known > most && hops[0].Record is { Decision: RouteDecision.Hub })
        {
            sentences.Add($"Most of that, {Milliseconds(whole - known)}, is the way from here over the hub to the first member and back, which members do not go.");
        }
        else if (what.Length > 0)
        {
            sentences.Add($"The longest part of that is spent {what}.");
        }
    }

    private static void AddQuotas(List<string> sentences, Explanation found)
    {
        foreach (var (id, state) in found.Hops.Select(static hop => (hop.Id, hop.State)).Append((found.Target, found.State)))
        {
            foreach (var quota in state?.Quotas ?? [])
            {
                if (quota.Allowed > 0 && quota.Used >= NearlyUsed * quota.Allowed)
                {
                    sentences.Add($"{id} uses {quota.Used} of {quota.Allowed} {Words(quota.Kind)}.");
                }
                else if (quota is { Kind: QuotaKind.RelayedBytesPerSecond, Allowed: 0 })
                {
                    sentences.Add($"{id} relays nothing for others (RelayBytesPerSecond is 0).");
                }
            }
        }
    }

    private static void AddChannel(List<string> sentences, ChannelReport? channel)
    {
        switch (channel)
        {
            case null:
                break;
            case { Failure: { } failure, Way: LinkWay.Unknown }:
                sentences.Add($"A channel to it does not open: {failure}");
                break;
            case { Way: LinkWay.Direct }:
                var selected = channel.Pairs.FirstOrDefault(static pair => pair.Outcome == PairOutcome.Selected);
                sentences.Add($"A channel to it is direct ({Words(selected.LocalKind)} ↔ {Words(selected.RemoteKind)}{(channel.RoundTrip is { } trip ? $", round trip {Milliseconds(trip)}" : "")}).");
                break;
            default:
                sentences.Add($"A channel to it goes over other members, because {WhyNotDirect(channel)}.");
                break;
        }
    }

    private static string WhyNotDirect(ChannelReport channel)
    {
        if (channel.Policy == ChannelPolicy.OverlayOnly)
        {
            return "this node's policy is OverlayOnly";
        }

        if (channel.Pairs.Count == 0)
        {
            return "there is no pair of addresses to try: the other node offers none that this one could use (its policy may be OverlayOnly)";
        }

        var tried = channel.Pairs.Count;
        var elsewhere = channel.Pairs.Count(static pair => pair.Outcome == PairOutcome.AnsweredFromElsewhere);
        var refused = channel.Pairs.Count(static pair => pair.Outcome == PairOutcome.Refused);
        var silent = channel.Pairs.Count(static pair => pair.Outcome == PairOutcome.NoAnswer);
        var open = tried - elsewhere - refused - silent;
        var parts = new List<string>();
        Add(silent, "had no answer");
        Add(elsewhere, "were answered from another address than was asked");
        Add(refused, "were refused");
        Add(open, "are not decided yet");
        var of = $"of {tried} pairs of addresses {string.Join(", ", parts)}";
        return silent == tried ? $"{of}: a firewall drops UDP between the two, or both are behind translators that give each destination another port" : of;

        void Add(int count, string what)
        {
            if (count > 0)
            {
                parts.Add($"{count} {what}");
            }
        }
    }

    private static void AddMissing(List<string> sentences, Explanation found)
    {
        if (found is { Departed: { } departed, Witness: { } witness })
        {
            sentences.Add(departed.Kind switch
            {
                DepartureKind.Died => $"{found.Target} is dead: its neighbour {witness} declared it so {Ago(departed.Ago)}{Probes(departed)}.",
                DepartureKind.Left => $"{found.Target} has left: it said good-bye to its neighbour {witness} {Ago(departed.Ago)}.",
                _ => $"{witness} lost its link to {found.Target} {Ago(departed.Ago)} ({departed.Failure}), and nobody has declared it dead yet.",
            });
        }
        else if (found is { Finding: Finding.NotReached, Witness: { } neighbour })
        {
            sentences.Add($"{neighbour} still has an open link to {found.Target}, but no message reached it: it has just died and nobody has noticed, or it is cut off.");
        }
        else
        {
            sentences.Add($"No node has the id {found.Target}, and none of {found.Asked} members asked has lost such a neighbour within the last ten minutes.");
        }

        if (found.Responsible is { } owner)
        {
            sentences.Add($"Responsible for that id is {owner} now.");
        }

        sentences.Add(found.Route switch
        {
            null => "No answer came back from the way to it.",
            { EndedAt: var at } when at == default => "The way to it ended at the hub.",
            { EndedAt: var at, Reason: var reason, RouteOut.Count: var links } => $"The way to it ended at {at} after {Links(links)}: {Telemetry.Words.Of(reason)}.",
        });
    }

    private static string Probes(in DepartureEntry departed) =>
        departed.Probes == 0 ? "" : $" after {departed.Probes} unanswered {(departed.Probes == 1 ? "probe" : "probes")}"
            + (departed.Silence > TimeSpan.Zero ? $" and {Seconds(departed.Silence)} of silence" : "");

    private static string Words(in LinkGauge link) => link.Way switch
    {
        LinkWay.Direct => link.Local == CandidateType.Unknown ? "direct" : $"direct, {Words(link.Local)} ↔ {Words(link.Remote)}",
        LinkWay.Relayed => "relayed",
        LinkWay.Hub => "over the hub",
        _ => "of unknown kind",
    };

    private static string Words(CandidateType type) => type switch
    {
        CandidateType.Host => "host",
        CandidateType.ServerReflexive => "srflx",
        CandidateType.PeerReflexive => "prflx",
        CandidateType.Relayed => "relay",
        _ => "unknown",
    };

    private static string Words(CandidateKind kind) => kind switch
    {
        CandidateKind.Host => "host",
        CandidateKind.ServerReflexive => "srflx",
        CandidateKind.PeerReflexive => "prflx",
        _ => "relay",
    };

    private static string Words(QuotaKind kind) => kind switch
    {
        QuotaKind.Links => "links: it refuses new ones, or gives up what it needs least",
        QuotaKind.SetUps => "link set-ups at a time: new links wait",
        QuotaKind.Commands => "commands that may wait: its application is told Busy",
        QuotaKind.Connections => "connections: it refuses more channels",
        QuotaKind.Records => "records: it refuses more names",
        QuotaKind.RelayedBytesPerSecond => "bytes a second that it relays for one neighbour: what is more is dropped",
        _ => Telemetry.Words.Of(kind.ToString()),
    };

    private static string Links(int count) => count == 1 ? "1 link" : $"{count} links";

    private static string Ago(TimeSpan ago) => ago < TimeSpan.FromSeconds(1) ? "just now" : $"{(ago < TimeSpan.FromMinutes(2) ? $"{ago.TotalSeconds:F0} s" : $"{ago.TotalMinutes:F0} min")} ago";

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture)} s";

    private static string Milliseconds(TimeSpan time) => $"{time.TotalMilliseconds.ToString(time.TotalMilliseconds < 10 ? "F1" : "F0", CultureInfo.InvariantCulture)} ms";
}
