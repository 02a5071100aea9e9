using Overlay.Effects;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Links;

/// <summary>Who lives? Decides it for every peer that a node is linked to, for suspects without a link, and for the node itself (mechanisms §3, "Detection").</summary>
/// <remarks>
/// <code>
/// silent for ProbePeriod (neighbours) or IdleProbePeriod     a → Ping → s                 anything from s: all is well
/// unanswered for ProbePeriod: suspected                      a → ProbeFor(s) → h1, h2     (the linked peers nearest to s)
///                                                            h → Ping(replyTo a) → s;  s → Pong, signed → h → a
/// unanswered for one more ProbePeriod: dead                  answered, but the link is silent: the path is lost
/// </code>
/// <para>On a tree a helper's way to the suspect leads over the very link that is in doubt, most of the time. There the asker asks itself, by ways that it knows not to (<see cref="INodePort.WaysTo"/>);
/// they cross three links and more, so it begins half a period before it suspects, and repeats it then: an answer has one and a half periods to come.</para>
/// <para>With nobody to help the suspect has <see cref="OverlayOptions.LoneSuspicionTimeout"/>; so has a suspect without a link, asked by routed messages.
/// Fingers and the application's links need no confirmation. A crash is noticed after 2 to 3 probe periods, 2.5 in the mean.</para>
/// <para>The owner reports what it hears, calls <see cref="Advance"/> when <see cref="NextDue"/> has come, and takes the events after each call. A peer about whom
/// a last event was given (<c>PathLost</c>, <c>Dead</c>, <c>Silent</c>) is no longer watched. Bounded by the node's links and <see cref="MaxUnlinked"/>.</para>
/// <para>How closely a link is watched and when it was heard stands in the <see cref="LinkTable"/>; here are only the peers that were asked and did not answer yet,
/// which are one or none nearly always.</para>
/// </remarks>
public sealed class FailureDetector
{
    /// <summary>Suspects without a link that are asked at a time; one more is not taken up, and is suspected again by the next step that fails.</summary>
    public const int MaxUnlinked = 64;

    /// <summary>Peers that are asked to help with one suspicion.</summary>
    public const int MaxHelpers = 2;

    private readonly OverlayOptions _options;
    private readonly INodePort _port;
    private readonly LinkTable _links;
    private Few<KeepAlive> _asked;
    private RareList<LivenessEvent> _events;
    private Prng _prng;
    private Moment _due = Instant.Never;
    private int _unlinked;

    /// <param name="options">Periods and timeouts.</param>
    /// <param name="port">Where probes go.</param>
    /// <param name="links">The links that are watched.</param>
    /// <param name="prng">Draws the nonces.</param>
    public FailureDetector(OverlayOptions options, INodePort port, LinkTable links, Prng prng)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(port);
        ArgumentNullException.ThrowIfNull(links);
        (_options, _port, _links, _prng) = (options, port, links, prng);
    }

    /// <summary>When to call <see cref="Advance"/> next.</summary>
    public Instant NextDue => _due;

    /// <summary>Reads a word of each line of memory that a step touches (<see cref="OverlayNode.Recall"/>).</summary>
    internal long Recall() => _due.Ticks + _unlinked + _events.Count;

    /// <summary>Whether a finding waits to be taken.</summary>
    public bool HasEvents => _events.Count > 0;

    /// <summary>The pause of its own loop after which a node no longer trusts itself: half of the mean eviction time of 2.5 probe periods.</summary>
    public TimeSpan FencePause => _options.ProbePeriod * 5 / 4;

    /// <summary>Watches <paramref name="link"/> from now on, or watches it differently. A new link is the best sign of life.</summary>
    public void Track(Instant now, Link link, LinkWatch watch)
    {
        var isNew = link.Watch == LinkWatch.None;
        link.Watch = watch;
        if (isNew)
        {
            link.Hear(now);
            if (IndexOf(link.PeerId) is >= 0 and var at)
            {
                Remove(at);
                Report(LivenessEventKind.Cleared, link.PeerId);
            }
        }

        var due = link.HeardAt(now) + PeriodOf(watch);
        WakeBy(due < now ? now : due); // Watched closer, it may be overdue; that is no pause of ours.
    }

    /// <summary>The link to <paramref name="peer"/> is gone, or nobody asks for the peer any more.</summary>
    public void Forget(RingId peer)
    {
        if (IndexOf(peer) is >= 0 and var at)
        {
            Remove(at);
        }

        Unwatch(peer);
    }

    /// <summary>Something authenticated came over <paramref name="link"/>. Cheap.</summary>
    public void Heard(Instant now, Link link)
    {
        link.Hear(now);
        if (_asked.Count == 0 || IndexOf(link.PeerId) is not (>= 0 and var at) || _asked[at].State == KeepAliveState.Unlinked)
        {
            return;
        }

        if (_asked[at].IsSuspect)
        {
            Report(LivenessEventKind.Cleared, link.PeerId);
        }

        Remove(at);
        WakeBy(now + PeriodOf(link.Watch));
    }

    /// <summary>A peer that is wanted could not be reached. With a link it is asked at once; without one it is asked by routed messages.</summary>
    public void Suspect(Instant now, RingId peer)
    {
        if (IndexOf(peer) >= 0)
        {
            return;
        }

        if (_links.FindOpen(peer) is { Watch: not LinkWatch.None })
        {
            Ask(now, peer);
            return;
        }

        if (_unlinked == MaxUnlinked)
        {
            return;
        }

        var entry = new KeepAlive { Peer = peer };
        entry.BecomeSuspect(KeepAliveState.Unlinked, now, now + _options.LoneSuspicionTimeout, _prng.Next());
        entry.CountProbe();
        _asked.Add(entry);
        _unlinked++;
        _port.Send(now, peer, new Ping(entry.Nonce));
        WakeBy(entry.Due(_options));
    }

    /// <summary>The host gave up bringing something to a linked peer: that is worth a question that was not answered.</summary>
    public void Unanswered(Instant now, RingId peer)
    {
        var at = IndexOf(peer);
        if (at < 0 && _links.FindOpen(peer) is { Watch: not LinkWatch.None })
        {
            at = _asked.Count;
            _asked.Add(new() { Peer = peer, State = KeepAliveState.Asked, Since = now });
        }

        if (at >= 0 && _asked[at].State == KeepAliveState.Asked)
        {
            Doubt(now, at);
            WakeBy(now);
        }
    }

    /// <summary>Whether <paramref name="peer"/> is under suspicion now.</summary>
    public bool IsSuspect(RingId peer) => IndexOf(peer) is >= 0 and var at && _asked[at].State != KeepAliveState.Asked;

    /// <summary>A ping came, over a link or routed: answered to whoever asks.</summary>
    public void OnPing(Instant now, RingId from, Ping ping)
    {
        ArgumentNullException.ThrowIfNull(ping);
        var pong = new Pong(ping.Nonce, _port.Phase);
        if (ping.ReplyTo is { } asker && asker != from && asker != _port.Self.Id)
        {
            _port.SendVia(now, from, asker, pong);
        }
        else
        {
            _port.Send(now, from, pong);
        }
    }

    /// <summary>
    /// A pong came that its source signed, or that arrived over its own link. Over the link it is heard like anything else (<see cref="Heard"/>); here it counts as
    /// the answer to a suspicion.
    /// </summary>
    public void OnPong(Instant now, RingId from, Pong pong)
    {
        ArgumentNullException.ThrowIfNull(pong);
        if (IndexOf(from) is not (>= 0 and var at) || _asked[at].Nonce != pong.Nonce)
        {
            return;
        }

        if (_asked[at].State == KeepAliveState.Unlinked)
        {
            Remove(at);
            Report(LivenessEventKind.Cleared, from);
        }
        else
        {
            _asked[at].IsAnswered = true; // Its way back may have been a helper's: the link itself has still to prove that it works.
        }
    }

    /// <summary>A linked peer asks for help with a suspect.</summary>
    public void OnProbeFor(Instant now, RingId asker, ProbeFor probe)
    {
        ArgumentNullException.ThrowIfNull(probe);
        if (probe.Suspect != _port.Self.Id)
        {
            _port.Send(now, probe.Suspect, new Ping(probe.Nonce, asker));
        }
        else
        {
            _port.Send(now, asker, new Pong(probe.Nonce, _port.Phase));
        }
    }

    /// <summary>Time passed: asks, suspects and judges whatever is due.</summary>
    public void Advance(Instant now)
    {
        if (now < _due)
        {
            return;
        }

        if (now - _due > FencePause)
        {
            BecomeFenced(now);
        }

        for (var at = _asked.Count - 1; at >= 0; at--) // Backwards: a verdict removes its entry.
        {
            Step(now, at);
        }

        _due = Instant.Never;
        AskSilent(now);
        for (var at = 0; at < _asked.Count; at++)
        {
            WakeBy(_asked[at].Due(_options));
        }
    }

    /// <summary>Takes the next finding, in the order they were made.</summary>
    public bool TryTakeEvent(out LivenessEvent finding)
    {
        finding = default;
        if (_events.Count == 0)
        {
            return false;
        }

        finding = _events[0];
        _events.RemoveAt(0);
        return true;
    }

    /// <summary>Asks every watched link that was silent for its period and was not asked yet.</summary>
    private void AskSilent(Instant now)
    {
        var (closely, loosely, next) = (PeriodOf(LinkWatch.Neighbour).Ticks, PeriodOf(LinkWatch.Idle).Ticks, long.MaxValue);
        for (var at = 0; at < _links.OpenCount; at++)
        {
            var place = _links.PlaceAt(at);
            var watch = LinkFlags.WatchOf(place);
            if (watch == LinkWatch.None || (_asked.Count > 0 && IndexOf(LinkFlags.PeerOf(place)) >= 0))
            {
                continue;
            }

            var due = _links.HeardTicksAt(now, at) + (watch == LinkWatch.Neighbour ? closely : loosely);
            if (due <= now.Ticks)
            {
                Ask(now, LinkFlags.PeerOf(place));
            }
            else
            {
                next = Math.Min(next, due);
            }
        }

        WakeBy(next == long.MaxValue ? Instant.Never : now + new TimeSpan(next - now.Ticks));
    }

    private void Step(Instant now, int at)
    {
        ref var entry = ref _asked[at];
        switch (entry.Decide(now, _options))
        {
            case KeepAliveDecision.AskRound:
                entry.IsToBeAskedRound = false;
                AskRound(now, ref entry);
                break;
            case KeepAliveDecision.Suspect:
                Doubt(now, at);
                break;
            case KeepAliveDecision.AskAgain when entry.State == KeepAliveState.AskedAlone:
                AskOthers(now, at, entry.VerdictAt); // Somebody may have come who can help.
                break;
            case KeepAliveDecision.AskAgain:
                entry.Since = now;
                entry.CountProbe();
                _port.Send(now, entry.Peer, new Ping(entry.Nonce));
                break;
            case KeepAliveDecision.Judge:
                Conclude(now, entry.IsAnswered ? LivenessEventKind.PathLost : LivenessEventKind.Dead, at);
                break;
        }
    }

    private void Doubt(Instant now, int at)
    {
        var peer = _asked[at].Peer;
        if (_links.FindOpen(peer) is not { Watch: not LinkWatch.Idle })
        {
            Conclude(now, LivenessEventKind.Silent, at);
            return;
        }

        Report(LivenessEventKind.Suspected, peer);
        AskOthers(now, at, now + _options.LoneSuspicionTimeout);
    }

    private void Ask(Instant now, RingId peer)
    {
        var entry = new KeepAlive
        {
            Peer = peer,
            State = KeepAliveState.Asked,
            Nonce = _prng.Next(),
            Since = now,
            IsToBeAskedRound = _options.Topology == Topology.Tree && _links.FindOpen(peer) is { Watch: not LinkWatch.Idle },
        };
        entry.CountProbe();
        _asked.Add(entry);
        _port.Send(now, peer, new Ping(entry.Nonce));
        WakeBy(entry.Due(_options));
    }

    /// <summary>Asks by ways that leave out the link to the peer. False where there is none.</summary>
    private bool AskRound(Instant now, ref KeepAlive entry)
    {
        entry.Nonce = entry.Nonce == 0 ? _prng.Next() : entry.Nonce;
        Span<RingId> ways = stackalloc RingId[MaxHelpers];
        var count = _port.WaysTo(entry.Peer, ways);
        for (var i = 0; i < count && !entry.IsAnswered; i++)
        {
            entry.CountProbe();
            _port.SendRound(now, ways[i], entry.Peer, new Ping(entry.Nonce));
        }

        return count > 0;
    }

    /// <summary>
    /// Asks up to two linked peers that are not in doubt themselves, those nearest to the suspect, which are likely to be linked to it; where there is none
    /// (because the node's own network is down, for example), asks alone once more.
    /// </summary>
    private void AskOthers(Instant now, int at, Instant loneVerdictAt)
    {
        ref var entry = ref _asked[at];
        if (_options.Topology == Topology.Tree && AskRound(now, ref entry))
        {
            var isAnswered = entry.IsAnswered;
            entry.BecomeSuspect(KeepAliveState.AskedByOthers, now, now + _options.ProbePeriod, entry.Nonce);
            entry.IsAnswered = isAnswered;
            return;
        }

        var first = NearestHelper(entry.Peer, except: null);
        if (first is not { } nearest)
        {
            entry.BecomeSuspect(KeepAliveState.AskedAlone, now, loneVerdictAt, _prng.Next());
            entry.CountProbe();
            _port.Send(now, entry.Peer, new Ping(entry.Nonce));
            return;
        }

        entry.BecomeSuspect(KeepAliveState.AskedByOthers, now, now + _options.ProbePeriod, _prng.Next());
        entry.CountProbe();
        _port.Send(now, nearest, new ProbeFor(entry.Nonce, entry.Peer));
        if (NearestHelper(entry.Peer, nearest) is { } second)
        {
            entry.CountProbe();
            _port.Send(now, second, new ProbeFor(entry.Nonce, entry.Peer));
        }
    }

    private RingId? NearestHelper(RingId suspect, RingId? except)
    {
        RingId? nearest = null;
        foreach (var link in _links.Open)
        {
            var peer = link.PeerId;
            var isAble = link.Watch != LinkWatch.None && peer != suspect && peer != except && IndexOf(peer) < 0;
            if (isAble && (nearest is not { } best || peer.DistanceTo(suspect) < best.DistanceTo(suspect)))
            {
                nearest = peer;
            }
        }

        return nearest;
    }

    /// <summary>After a pause nobody else's silence means anything: all watches begin anew.</summary>
    private void BecomeFenced(Instant now)
    {
        Report(LivenessEventKind.Fenced, _port.Self.Id);
        for (var at = 0; at < _asked.Count;)
        {
            ref var entry = ref _asked[at];
            if (entry.State == KeepAliveState.Unlinked)
            {
                entry.BecomeSuspect(KeepAliveState.Unlinked, now, now + _options.LoneSuspicionTimeout, entry.Nonce);
                at++;
                continue;
            }

            if (entry.IsSuspect)
            {
                Report(LivenessEventKind.Cleared, entry.Peer);
            }

            Remove(at);
        }

        foreach (var link in _links.Open)
        {
            link.Restart(now);
        }
    }

    private void Conclude(Instant now, LivenessEventKind verdict, int at)
    {
        var peer = _asked[at].Peer;
        var silence = _links.FindOpen(peer) is { } link ? now - link.HeardAt(now) : TimeSpan.Zero;
        _events.Add(new(verdict, peer) { Silence = silence, Probes = _asked[at].Probes });
        Remove(at);
        Unwatch(peer);
    }

    private void Unwatch(RingId peer)
    {
        if (_links.FindOpen(peer) is { } link)
        {
            link.Watch = LinkWatch.None;
        }
    }

    private void Remove(int at)
    {
        _unlinked -= _asked[at].State == KeepAliveState.Unlinked ? 1 : 0;
        _asked.RemoveAt(at);
    }

    private TimeSpan PeriodOf(LinkWatch watch) =>
        watch == LinkWatch.Neighbour ? _options.ProbePeriod : new(Math.Min(_options.IdleProbePeriod.Ticks, LinkTable.LongestSilence.Ticks));

    private void Report(LivenessEventKind kind, RingId peer) => _events.Add(new(kind, peer));

    private void WakeBy(Instant due) => _due = Instant.Min(_due, due);

    private int IndexOf(RingId peer)
    {
        for (var i = 0; i < _asked.Count; i++)
        {
            if (_asked[i].Peer == peer)
            {
                return i;
            }
        }

        return -1;
    }
}
