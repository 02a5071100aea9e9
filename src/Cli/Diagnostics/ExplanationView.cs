using Overlay.Cli.Output;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Runtime.Diagnostics;
using Overlay.WebRtc.Ice;
using Spectre.Console;

namespace Overlay.Cli.Diagnostics;

/// <summary>An explanation for people and for programs.</summary>
internal static class ExplanationView
{
    public static void Write(Terminal terminal, Explanation found, RingId self, string? name)
    {
        terminal.WriteJson(Json(found, self, name));
        if (terminal.IsJson)
        {
            return;
        }

        foreach (var sentence in found.Sentences)
        {
            terminal.Say(sentence);
        }

        if (found.Route is { } route)
        {
            terminal.Console.Write(WayView.Hops(route, self));
        }

        if (found.State is not null || found.Hops.Count > 0)
        {
            terminal.Console.Write(Quotas(found));
        }

        if (found.Channel is { Pairs.Count: > 0 } channel)
        {
            terminal.Console.Write(Pairs(channel));
        }
    }

    private static object Json(Explanation found, RingId self, string? name) => new
    {
        type = "explanation",
        id = found.Target,
        name,
        finding = found.Finding,
        why = found.Sentences,
        route = found.Route is { } route ? WayView.Json(route, self) : null,
        target = found.State is { } state ? new { phase = state.Phase, links = state.Links.Count(static link => link.Phase == LinkPhase.Open), quotas = Json(state) } : null,
        hops = found.Hops.Select(static hop => new { id = hop.Id, phase = hop.State?.Phase, quotas = hop.State is { } told ? Json(told) : null }),
        channel = found.Channel is { } channel ? Json(channel) : null,
        departed = found.Departed is { } gone
            ? new
            {
                kind = gone.Kind,
                secondsAgo = Math.Round(gone.Ago.TotalSeconds, 1),
                silentSeconds = Math.Round(gone.Silence.TotalSeconds, 1),
                unansweredProbes = gone.Probes,
                failure = gone.Failure == LinkFailure.None ? null : (LinkFailure?)gone.Failure,
            }
            : null,
        witness = found.Witness,
        responsible = found.Responsible,
        asked = found.Asked,
    };

    private static IEnumerable<object> Json(State state) => state.Quotas.Select(static quota => new { kind = quota.Kind, used = quota.Used, allowed = quota.Allowed });

    private static object Json(ChannelReport channel) => new
    {
        way = channel.Way,
        policy = channel.Policy,
        openedMs = channel.OpenedAfter is { } opened ? WayView.Rounded(opened) : (double?)null,
        directMs = channel.DirectAfter is { } direct ? WayView.Rounded(direct) : (double?)null,
        rttMs = channel.RoundTrip is { } roundTrip ? WayView.Rounded(roundTrip) : (double?)null,
        iceFailure = channel.IceFailure == IceFailure.None ? null : (IceFailure?)channel.IceFailure,
        failure = channel.Failure,
        pairs = channel.Pairs.Select(static pair => new
        {
            local = pair.Local.ToString(),
            localKind = pair.LocalKind,
            remote = pair.Remote.ToString(),
            remoteKind = pair.RemoteKind,
            outcome = pair.Outcome,
            rttMs = pair.RoundTrip > TimeSpan.Zero ? WayView.Rounded(pair.RoundTrip) : (double?)null,
        }),
    };

    private static Table Quotas(Explanation found)
    {
        var table = WayView.Columns("quotas: used of allowed", "links", "set-ups", "connections", "records", "relayed B/s");
        foreach (var (id, state) in found.Hops.Select(static hop => (hop.Id, hop.State)).Append((found.Target, found.State)))
        {
            if (state is null)
            {
                table.AddRow(id.ToString(), "not told", "", "", "", "");
            }
            else
            {
                table.AddRow(
                    id.ToString(), Of(state, QuotaKind.Links), Of(state, QuotaKind.SetUps), Of(state, QuotaKind.Connections), Of(state, QuotaKind.Records), Of(state, QuotaKind.RelayedBytesPerSecond));
            }
        }

        return table;
    }

    private static string Of(State state, QuotaKind kind)
    {
        foreach (var quota in state.Quotas)
        {
            if (quota.Kind == kind)
            {
                return $"{quota.Used}/{quota.Allowed}";
            }
        }

        return "?";
    }

    private static Table Pairs(ChannelReport channel)
    {
        var table = WayView.Columns($"a channel ({WayView.Word(channel.Way)}): local", "", "remote", "", "outcome", "rtt ms");
        foreach (var pair in channel.Pairs)
        {
            table.AddRow(
                Markup.Escape(pair.Local.ToString()),
                WayView.Word(pair.LocalKind),
                Markup.Escape(pair.Remote.ToString()),
                WayView.Word(pair.RemoteKind),
                WayView.Word(pair.Outcome),
                pair.RoundTrip > TimeSpan.Zero ? WayView.Text(pair.RoundTrip) : "");
        }

        return table;
    }
}
