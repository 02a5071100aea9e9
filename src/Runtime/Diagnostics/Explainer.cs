using Overlay.Messages;
using Overlay.Ring;
using Overlay.Routing;

namespace Overlay.Runtime.Diagnostics;

/// <summary>Finds out why a node is reached as it is, or what became of it: a trace, its tables, and where it is gone a search for who remembers it.</summary>
internal sealed class Explainer(OverlayHost host, ExplainOptions options)
{
    public async Task<Explanation> ExplainAsync(RingId target, CancellationToken cancellationToken)
    {
        var route = await TryAsync(async () => (await host.TraceAsync(target, asTrace: false, cancellationToken).ConfigureAwait(false)).Route).ConfigureAwait(false);
        var found = route switch
        {
            { IsReached: true } => await ReachedAsync(route, cancellationToken).ConfigureAwait(false),
            { Reason: DropReason.Declined } when route.EndedAt == target => new Explanation(target, Finding.Declined) { Route = route },
            _ => await MissingAsync(target, route, cancellationToken).ConfigureAwait(false),
        };
        return found with { Sentences = ExplanationWriter.Write(host.Id, found) };
    }

    private async Task<Explanation> ReachedAsync(RouteTrace route, CancellationToken cancellationToken)
    {
        var states = new List<MemberState>();
        foreach (var hop in route.RouteOut.Where(hop => hop != host.Id && hop != route.Target).Distinct().Take(options.MaxHopsAsked))
        {
            var state = await TryAsync(() => host.InspectAsync(hop, cancellationToken)).ConfigureAwait(false);
            states.Add(new(hop, state, state is null ? Outcome.Refused : Outcome.Done, TimeSpan.Zero));
        }

        return new Explanation(route.Target, Finding.Reached)
        {
            Route = route,
            Hops = states,
            State = await TryAsync(() => host.InspectAsync(route.Target, cancellationToken)).ConfigureAwait(false),
            Channel = options.WithChannel && route.Target != host.Id
                ? await host.DiagnoseChannelAsync(route.Target, options.ChannelPatience, cancellationToken).ConfigureAwait(false)
                : null,
        };
    }

    /// <summary>Whoever was its neighbour remembers: where the way ended, who is responsible for its id now, and else somebody among all members.</summary>
    private async Task<Explanation> MissingAsync(RingId target, RouteTrace? route, CancellationToken cancellationToken)
    {
        var owner = await TryAsync(() => host.LookupAsync(target, cancellationToken)).ConfigureAwait(false);
        var found = new Explanation(target, Finding.Unknown) { Route = route, Responsible = owner?.Self.Id };
        if (route?.Departed is { Kind: not DepartureKind.LinkLost } told)
        {
            return With(found, told, route.EndedAt);
        }

        var seeds = new List<RingId>();
        if (owner is not null)
        {
            seeds.Add(owner.Self.Id);
        }

        if (route is not null && route.EndedAt != default)
        {
            seeds.Add(route.EndedAt);
        }

        return await SearchAsync(found, new CrawlOptions { Seeds = seeds, MaxMembers = options.MaxAsked, MaxPerSecond = 100 }, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Explanation> SearchAsync(Explanation found, CrawlOptions crawl, CancellationToken cancellationToken)
    {
        if (found.Route?.Departed is { } lost)
        {
            found = With(found, lost, found.Route.EndedAt);
        }

        await foreach (var member in host.CrawlAsync(crawl, cancellationToken).ConfigureAwait(false))
        {
            found = found with { Asked = found.Asked + 1 };
            if (member.State is not { } state || member.Id == found.Target)
            {
                continue;
            }

            if (state.Departures.FirstOrDefault(entry => entry.Id == found.Target) is { } entry && entry.Id == found.Target && (found.Departed is not { } known || entry.Kind < known.Kind))
            {
                found = With(found, entry, member.Id);
                if (entry.Kind != DepartureKind.LinkLost)
                {
                    return found;
                }
            }
            else if (found.Finding == Finding.Unknown && state.Links.Any(link => link.Id == found.Target && link.Phase == LinkPhase.Open))
            {
                found = found with { Finding = Finding.NotReached, Witness = member.Id };
            }
        }

        return found;
    }

    private static Explanation With(Explanation found, in DepartureEntry entry, RingId witness) => found with
    {
        Departed = entry,
        Witness = witness,
        Finding = entry.Kind switch
        {
            DepartureKind.Died => Finding.Died,
            DepartureKind.Left => Finding.Left,
            _ => Finding.LinkLost,
        },
    };

    private static async Task<T?> TryAsync<T>(Func<Task<T>> question)
        where T : class
    {
        try
        {
            return await question().ConfigureAwait(false);
        }
        catch (OverlayException e) when (e.Reason == OverlayError.Command)
        {
            return null;
        }
    }
}
