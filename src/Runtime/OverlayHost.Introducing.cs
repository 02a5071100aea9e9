using Microsoft.Extensions.Logging;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Runtime.Hubs;
using Overlay.Runtime.Security;
using Overlay.Signalling;

namespace Overlay.Runtime;

// Life without a hub: what the node remembers of places where one is admitted, and its own endpoint, where it is such a place.
public sealed partial class OverlayHost
{
    /// <summary>How long the start waits for a hub's word about introducing others; afterwards the node goes on, and asks again by itself.</summary>
    private static readonly TimeSpan GrantTimeout = TimeSpan.FromSeconds(10);

    private readonly NodeMemory _memory;
    private readonly OwnEndpoint? _endpoint;
    private readonly TaskCompletionSource _introduced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isIntroducing;

    /// <summary>Where others are admitted by this node now; null where nowhere.</summary>
    public string? IntroducesAt => _isIntroducing ? _endpoint!.Name : null;

    /// <summary>Addresses of hubs and introducing members that this node remembers, the surest first.</summary>
    public IReadOnlyList<string> Seeds => _memory.Seeds;

    /// <summary>The ways that a node tries, as it numbers them: hubs, remembered seeds, its own endpoint.</summary>
    private static List<IHubConnector> WaysOf(RuntimeOptions options, NodeMemory memory, OwnEndpoint? endpoint)
    {
        var ways = new List<IHubConnector>(options.Hubs);
        foreach (var seed in memory.Hubs.Select(static hub => hub.Address).Where(NodeMemory.IsSeed).Concat(memory.Seeds).Distinct().Take(Admitted.MaxSeeds))
        {
            var isNew = !ways.Exists(way => IsAt(way, seed));
            if (isNew && !SameAddress(seed, options.Introduction?.Address ?? ""))
            {
                ways.Add(new WebSocketHub(new Uri(seed), options.TimeProvider));
            }
        }

        if (endpoint is not null)
        {
            ways.Add(endpoint);
        }

        return ways;
    }

    private static bool IsAt(IHubConnector way, string address) => SameAddress(way.Name, address);

    private static bool SameAddress(string a, string b) =>
        Uri.TryCreate(a, UriKind.Absolute, out var first) && Uri.TryCreate(b, UriKind.Absolute, out var second) && first == second;

    private NodeIntroductions IntroductionsOf(RuntimeOptions options, int ways)
    {
        var introduces = _endpoint is not null;
        var seeds = ways - options.Hubs.Count - (introduces ? 1 : 0);
        return !introduces && seeds == 0 && _memory.Certificate is null
            ? NodeIntroductions.None
            : new()
            {
                Seeds = seeds,
                Certificate = _memory.Certificate is { } kept && kept.PublicKey.SequenceEqual(_identity.Signing.PublicKey) ? kept : null,
                Introduces = introduces,
                Address = options.Introduction?.Address ?? "",
                Delegation = StoredDelegation(),
            };
    }

    /// <summary>What a hub granted at an earlier time, if it is still of use.</summary>
    private Delegation? StoredDelegation() =>
        _endpoint is not null
        && _memory.Delegation is { } delegation
        && _identity.RememberedHubKey is { } hubKey
        && delegation.Key.SequenceEqual(_identity.Signing.PublicKey)
        && delegation.IsInForce(_options.TimeProvider.GetUtcNow().ToUnixTimeSeconds())
        && delegation.IsValid(_identity.Signing, hubKey)
            ? delegation
            : null;

    private IntroductionRight RightFor(Delegation delegation)
    {
        var seeds = new List<string>();
        var own = _options.Introduction!.Address;
        seeds.AddRange(_options.Hubs.Select(static hub => hub.Name).Prepend(own).Concat(_memory.Seeds).Where(NodeMemory.IsSeed).Distinct());
        return new(_identity.Signing, delegation, _node.HubKey, [.. seeds.Take(Admitted.MaxSeeds)]) { Hubs = _memory.Hubs };
    }

    /// <summary>What was remembered of hubs: now that the network's key is known, the node can judge it.</summary>
    private async Task RecallHubsAsync()
    {
        if (_memory.Hubs is { Count: > 0 } hubs)
        {
            await _loop.PostAsync(LoopInput.Do((now, outbox) => _node.LearnHubs(now, hubs, outbox)), CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Opens the endpoint with an earlier right, or waits for one.</summary>
    /// <exception cref="OverlayException">The hub said no, or the endpoint cannot be opened.</exception>
    private async Task BeginIntroducingAsync(CancellationToken cancellationToken)
    {
        if (_endpoint is null)
        {
            return;
        }

        if (StoredDelegation() is { } stored)
        {
            await _endpoint.GrantAsync(stored).ConfigureAwait(false);
        }

        try
        {
            if (_endpoint.Failure is { } failure)
            {
                throw failure;
            }

            await _introduced.Task.WaitAsync(GrantTimeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            LogNoRight(_log, _node.Self.Id);
        }
    }

    /// <summary>On another thread than the loop's: the endpoint is open.</summary>
    private void EndpointOpened()
    {
        _isIntroducing = true;
        _introduced.TrySetResult();
        _ = _loop.PostAsync(LoopInput.Do((now, outbox) => _node.EndpointOpened(now, outbox)), CancellationToken.None).AsTask();
    }

    /// <summary>On the loop: what a hub or a member said that is worth remembering.</summary>
    private void LearnFrom(in NodeObservation seen, object? detail)
    {
        switch (detail)
        {
            case Admitted admitted when seen.What == Observation.Admitted:
                _memory.Remember(admitted.Certificate);
                _memory.Learn(_loop.NameOfHub(seen.Link), admitted.Seeds);
                SaveMemory();
                break;
            case Delegated delegated when seen.What == Observation.Delegated:
                _memory.Remember(delegated.Delegation);
                _memory.Learn(_loop.NameOfHub(seen.Link), delegated.Seeds);
                SaveMemory();
                _ = GrantAsync(delegated.Delegation);
                SayWhereTheHubIs(seen, delegated.Delegation);
                break;
            case HubPlace place when seen.What == Observation.HubLearned:
                _memory.Remember(place);
                SaveMemory();
                if (_isIntroducing && _memory.Delegation is { } delegation)
                {
                    _ = GrantAsync(delegation); // Its newcomers are told, too.
                }

                break;
            case AdmitRefused refused when seen.What == Observation.DelegationRefused:
                LogNotDelegated(_log, _node.Self.Id, refused.Text);
                _introduced.TrySetException(new OverlayException(
                    OverlayError.AdmissionRefused, $"The hub does not let this node introduce others: {refused.Text} ({refused.Reason})."));
                break;
        }
    }

    /// <summary>
    /// A hub that does not say itself where it is (it listens on every address): this node reached it, and says so with the right that it was granted. Nobody else's loopback
    /// is this one, so that is said only where this node's own endpoint is on it, too.
    /// </summary>
    private void SayWhereTheHubIs(in NodeObservation seen, Delegation delegation)
    {
        var address = _loop.NameOfHub(seen.Link) ?? "";
        var isForOthers = NodeMemory.IsSeed(address) && (!IsLoopback(address) || IsLoopback(_options.Introduction?.Address ?? ""));
        var number = seen.Number;
        if (!isForOthers || _memory.Hubs.Any(hub => hub.Number == number && hub.Delegation is null))
        {
            return;
        }

        var issuedAt = _options.TimeProvider.GetUtcNow().ToUnixTimeSeconds();
        var place = HubPlace.Issue(_identity.Signing, _node.HubKey.Span, number, address, issuedAt, delegation);
        _ = _loop.PostAsync(LoopInput.Do((now, outbox) => _node.LearnHubs(now, [place], outbox)), CancellationToken.None).AsTask();
    }

    private static bool IsLoopback(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.IsLoopback;

    private async Task GrantAsync(Delegation delegation)
    {
        await _endpoint!.GrantAsync(delegation).ConfigureAwait(false);
        if (_endpoint.Failure is { } failure)
        {
            _introduced.TrySetException(failure);
        }
    }

    /// <summary>Not on the loop, which must not wait for a disk.</summary>
    private void SaveMemory() => ThreadPool.UnsafeQueueUserWorkItem(
        static host =>
        {
            if (!host._memory.TrySave())
            {
                LogNotSaved(host._log, host._node.Self.Id);
            }
        },
        this,
        preferLocal: false);

    private async Task EndIntroducingAsync()
    {
        if (_node.Self.Certificate is { } last)
        {
            _memory.Remember(last); // It may have been renewed since.
            _memory.TrySave();
        }

        _isIntroducing = false;
        _ = _introduced.Task.Exception; // Observed, whether anybody waited or not.
        if (_endpoint is not null)
        {
            await _endpoint.CloseAsync().ConfigureAwait(false);
        }
    }

    [LoggerMessage(EventId = 30, Level = LogLevel.Warning, Message = "{Node} does not introduce others yet: no hub has granted it the right")]
    private static partial void LogNoRight(ILogger log, Ring.RingId node);

    [LoggerMessage(EventId = 31, Level = LogLevel.Warning, Message = "{Node} was not let introduce others: {Cause}")]
    private static partial void LogNotDelegated(ILogger log, Ring.RingId node, string cause);

    [LoggerMessage(EventId = 32, Level = LogLevel.Warning, Message = "The memory of {Node} could not be kept; a restart knows its hubs only from its options")]
    private static partial void LogNotSaved(ILogger log, Ring.RingId node);

    [LoggerMessage(EventId = 33, Level = LogLevel.Warning, Message = "The memory in {Directory} is damaged and was forgotten; the node knows its hubs only from its options")]
    private static partial void LogForgotten(ILogger log, string directory);
}
