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
/// <para>With nobody to help the suspect has <see cref="OverlayOptions.LoneSuspicionTimeout"/>; so has a suspect without a link, asked by routed messages.
/// Fingers and the application's links need no confirmation. A crash is noticed after 2 to 3 probe periods, 2.5 in the mean.</para>
/// <para>The owner reports what it hears, calls <see cref="Advance"/> when <see cref="NextDue"/> has come, and takes the events after each call. A peer about whom
/// a last event was given (<c>PathLost</c>, <c>Dead</c>, <c>Silent</c>) is no longer watched. Bounded by the node's links and <see cref="MaxUnlinked"/>.</para>
/// </remarks>
public sealed class FailureDetector
{
    /// <summary>Suspects without a link that are asked at a time; one more is not taken up, and is suspected again by the next step that fails.</summary>
    public const int MaxUnlinked = 64;

    /// <summary>Peers that are asked to help with one suspicion.</summary>
    public const int MaxHelpers = 2;

    private readonly OverlayOptions _options;
    private readonly INodePort _port;
    private readonly List<KeepAlive> _peers = [];
    private readonly Queue<LivenessEvent> _events = new();
    private Prng _prng;
    private Instant _due = Instant.Never;
    private int _unlinked;

    /// <param name="options">Periods and timeouts.</param>
    /// <param name="port">Where probes go.</param>
    /// <param name="prng">Draws the nonces.</param>
    public FailureDetector(OverlayOptions options, INodePort port, Prng prng)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(port);
        (_options, _port, _prng) = (options, port, prng);
    }

    /// <summary>When to call <see cref="Advance"/> next.</summary>
    public Instant NextDue => _due;

    /// <summary>The pause of its own loop after which a node no longer trusts itself: half of the mean eviction time of 2.5 probe periods.</summary>
    public TimeSpan FencePause => _options.ProbePeriod * 5 / 4;

    /// <summary>Watches the link to <paramref name="peer"/> from now on, or watches it differently. A new link is the best sign of life.</summary>
    public void Track(Instant now, RingId peer, LinkWatch watch)
    {
        var at = IndexOf(peer);
        var entry = at < 0 ? new KeepAlive { Peer = peer } : _peers[at];
        entry.Watch = watch;
        if (at < 0)
        {
            entry.BecomeQuiet(now);
            _peers.Add(entry);
        }
        else
        {
            if (entry.State == KeepAliveState.Unlinked)
            {
                _unlinked--;
                entry.BecomeQuiet(now);
                Report(LivenessEventKind.Cleared, peer);
            }

            _peers[at] = entry;
        }

        var due = entry.Due(_options);
        WakeBy(due < now ? now : due); // Watched closer, it may be overdue; that is no pause of ours.
    }

    /// <summary>The link to <paramref name="peer"/> is gone, or nobody asks for the peer any more.</summary>
    public void Forget(RingId peer)
    {
        var at = IndexOf(peer);
        if (at >= 0)
        {
            Remove(at);
        }
    }

    /// <summary>Something authenticated came over the link to <paramref name="peer"/>. Cheap.</summary>
    public void Heard(Instant now, RingId peer)
    {
        var at = IndexOf(peer);
        if (at < 0 || _peers[at].State == KeepAliveState.Unlinked)
        {
            return;
        }

        var entry = _peers[at];
        if (entry.IsSuspect)
        {
            Report(LivenessEventKind.Cleared, peer);
        }

        entry.BecomeQuiet(now);
        _peers[at] = entry;
        WakeBy(entry.Due(_options));
    }

    /// <summary>A peer that is wanted could not be reached. With a link it is asked at once; without one it is asked by routed messages.</summary>
    public void Suspect(Instant now, RingId peer)
    {
        var at = IndexOf(peer);
        if (at >= 0)
        {
            if (_peers[at].State == KeepAliveState.Quiet)
            {
                Ask(now, at);
            }

            return;
        }

        if (_unlinked == MaxUnlinked)
        {
            return;
        }

        var entry = new KeepAlive { Peer = peer };
        entry.BecomeSuspect(KeepAliveState.Unlinked, now, now + _options.LoneSuspicionTimeout, _prng.Next());
        _peers.Add(entry);
        _unlinked++;
        _port.Send(now, peer, new Ping(entry.Nonce));
        WakeBy(entry.Due(_options));
    }

    /// <summary>The host gave up bringing something to a linked peer: that is worth a question that was not answered.</summary>
    public void Unanswered(Instant now, RingId peer)
    {
        var at = IndexOf(peer);
        if (at >= 0 && _peers[at].State is KeepAliveState.Quiet or KeepAliveState.Asked)
        {
            Doubt(now, at);
            WakeBy(now);
        }
    }

    /// <summary>Whether <paramref name="peer"/> is under suspicion now.</summary>
    public bool IsSuspect(RingId peer) => IndexOf(peer) is >= 0 and var at && (_peers[at].IsSuspect || _peers[at].State == KeepAliveState.Unlinked);

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
        var at = IndexOf(from);
        if (at < 0 || _peers[at].Nonce != pong.Nonce)
        {
            return;
        }

        var entry = _peers[at];
        if (entry.State == KeepAliveState.Unlinked)
        {
            Remove(at);
            Report(LivenessEventKind.Cleared, from);
        }
        else
        {
            entry.IsAnswered = true; // Its way back may have been a helper's: the link itself has still to prove that it works.
            _peers[at] = entry;
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

        for (var at = _peers.Count - 1; at >= 0; at--) // Backwards: a verdict removes its entry.
        {
            Step(now, at);
        }

        _due = Instant.Never;
        foreach (var entry in _peers)
        {
            WakeBy(entry.Due(_options));
        }
    }

    /// <summary>Takes the next finding, in the order they were made.</summary>
    public bool TryTakeEvent(out LivenessEvent finding) => _events.TryDequeue(out finding);

    private void Step(Instant now, int at)
    {
        switch (_peers[at].Decide(now, _options))
        {
            case KeepAliveDecision.Ask:
                Ask(now, at);
                break;
            case KeepAliveDecision.Suspect:
                Doubt(now, at);
                break;
            case KeepAliveDecision.AskAgain when _peers[at].State == KeepAliveState.AskedAlone:
                AskOthers(now, at, _peers[at].VerdictAt); // Somebody may have come who can help.
                break;
            case KeepAliveDecision.AskAgain:
                var entry = _peers[at];
                entry.Since = now;
                _peers[at] = entry;
                _port.Send(now, entry.Peer, new Ping(entry.Nonce));
                break;
            case KeepAliveDecision.Judge:
                Conclude(_peers[at].IsAnswered ? LivenessEventKind.PathLost : LivenessEventKind.Dead, at);
                break;
        }
    }

    private void Doubt(Instant now, int at)
    {
        if (_peers[at].Watch == LinkWatch.Idle)
        {
            Conclude(LivenessEventKind.Silent, at);
            return;
        }

        Report(LivenessEventKind.Suspected, _peers[at].Peer);
        AskOthers(now, at, now + _options.LoneSuspicionTimeout);
    }

    private void Ask(Instant now, int at)
    {
        var entry = _peers[at];
        entry.BecomeAsked(now, _prng.Next());
        _peers[at] = entry;
        _port.Send(now, entry.Peer, new Ping(entry.Nonce));
        WakeBy(entry.Due(_options));
    }

    /// <summary>
    /// Asks up to two linked peers that are not in doubt themselves, those nearest to the suspect, which are likely to be linked to it; where there is none
    /// (because the node's own network is down, for example), asks alone once more.
    /// </summary>
    private void AskOthers(Instant now, int at, Instant loneVerdictAt)
    {
        var entry = _peers[at];
        var first = NearestHelper(entry.Peer, except: -1);
        var second = first < 0 ? -1 : NearestHelper(entry.Peer, first);
        if (first < 0)
        {
            entry.BecomeSuspect(KeepAliveState.AskedAlone, now, loneVerdictAt, _prng.Next());
            _port.Send(now, entry.Peer, new Ping(entry.Nonce));
        }
        else
        {
            entry.BecomeSuspect(KeepAliveState.AskedByOthers, now, now + _options.ProbePeriod, _prng.Next());
            _port.Send(now, _peers[first].Peer, new ProbeFor(entry.Nonce, entry.Peer));
            if (second >= 0)
            {
                _port.Send(now, _peers[second].Peer, new ProbeFor(entry.Nonce, entry.Peer));
            }
        }

        _peers[at] = entry;
    }

    private int NearestHelper(RingId suspect, int except)
    {
        var nearest = -1;
        for (var i = 0; i < _peers.Count; i++)
        {
            var isAble = _peers[i].State == KeepAliveState.Quiet && _peers[i].Peer != suspect && i != except;
            if (isAble && (nearest < 0 || _peers[i].Peer.DistanceTo(suspect) < _peers[nearest].Peer.DistanceTo(suspect)))
            {
                nearest = i;
            }
        }

        return nearest;
    }

    /// <summary>After a pause nobody else's silence means anything: all watches begin anew.</summary>
    private void BecomeFenced(Instant now)
    {
        Report(LivenessEventKind.Fenced, _port.Self.Id);
        for (var at = 0; at < _peers.Count; at++)
        {
            var entry = _peers[at];
            if (entry.State == KeepAliveState.Unlinked)
            {
                entry.BecomeSuspect(KeepAliveState.Unlinked, now, now + _options.LoneSuspicionTimeout, entry.Nonce);
            }
            else
            {
                if (entry.IsSuspect)
                {
                    Report(LivenessEventKind.Cleared, entry.Peer);
                }

                entry.BecomeQuiet(now);
            }

            _peers[at] = entry;
        }
    }

    private void Conclude(LivenessEventKind verdict, int at)
    {
        Report(verdict, _peers[at].Peer);
        Remove(at);
    }

    private void Remove(int at)
    {
        _unlinked -= _peers[at].State == KeepAliveState.Unlinked ? 1 : 0;
        _peers[at] = _peers[^1];
        _peers.RemoveAt(_peers.Count - 1);
    }

    private void Report(LivenessEventKind kind, RingId peer) => _events.Enqueue(new(kind, peer));

    private void WakeBy(Instant due) => _due = Instant.Min(_due, due);

    private int IndexOf(RingId peer)
    {
        for (var i = 0; i < _peers.Count; i++)
        {
            if (_peers[i].Peer == peer)
            {
                return i;
            }
        }

        return -1;
    }
}
