using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Admission;

public sealed partial class HubAdmission
{
    private static readonly TimeSpan AnswerLife = TimeSpan.FromSeconds(30);

    /// <summary>Closes what waited too long: half-open sessions, silent newcomers, a founder that does not found.</summary>
    public void Advance(Instant now, HubOutbox outbox)
    {
        ArgumentNullException.ThrowIfNull(outbox);
        while (_halfOpen.First is { } oldest && oldest.Value.HeardAt + _options.HalfOpenTimeout <= now)
        {
            Close(now, oldest.Value, HubClose.TimedOut, outbox);
        }

        while (_quiet.First is { } quietest && quietest.Value.HeardAt + _options.IdleTimeout <= now)
        {
            Close(now, quietest.Value, HubClose.Idle, outbox);
        }

        if (_founder is { } founder && _founderDue <= now)
        {
            Close(now, founder, HubClose.TimedOut, outbox);
        }

        AdvanceSignals(now, outbox);
        AdvanceNames(now, outbox);
        SetWakeUp(outbox);
    }

    private void SetWakeUp(HubOutbox outbox)
    {
        var due = _founder is null ? Instant.Never : _founderDue;
        if (_halfOpen.First is { } halfOpen)
        {
            due = Instant.Min(due, halfOpen.Value.HeardAt + _options.HalfOpenTimeout);
        }

        if (_quiet.First is { } quiet)
        {
            due = Instant.Min(due, quiet.Value.HeardAt + _options.IdleTimeout);
        }

        outbox.WakeAt = Instant.Min(due, Instant.Min(_signals.NextDue, _guestNames.NextDue));
    }

    /// <summary>Room for one more session. A flood of sessions that prove nothing pushes out its own oldest, not the members that come back.</summary>
    private bool MakeRoom(Instant now, RemotePrefix remote, HubOutbox outbox)
    {
        if (_perPrefix.GetValueOrDefault(remote) >= _options.MaxSessionsPerPrefix)
        {
            return false;
        }

        if (_sessions.Count < _options.MaxSessions)
        {
            return true;
        }

        if (_halfOpen.First is not { } oldest || now - oldest.Value.HeardAt < HalfOpenGrace)
        {
            return false;
        }

        Close(now, oldest.Value, HubClose.TooMany, outbox);
        return true;
    }

    /// <summary>A sign of life. Half-open sessions get none: talking is not proving.</summary>
    private void Hear(Instant now, HubSession session)
    {
        if (session.Node.List == _quiet)
        {
            session.HeardAt = now;
            _quiet.Remove(session.Node);
            _quiet.AddLast(session.Node);
        }
    }

    /// <summary>Puts the session into the list where its state belongs.</summary>
    private void Shelve(Instant now, HubSession session)
    {
        session.Node.List?.Remove(session.Node);
        if (session.IsBound && !session.IsGateway)
        {
            session.HeardAt = now;
            _quiet.AddLast(session.Node);
        }
    }

    private void Close(Instant now, HubSession session, HubClose why, HubOutbox outbox)
    {
        _counters.Closed[(int)why]++;
        Forget(now, session, outbox);
        outbox.Close(session.Id, why);
    }

    private void Forget(Instant now, HubSession session, HubOutbox outbox)
    {
        if (session.IsGateway)
        {
            _gateways.Release(session);
            LoseGateway(now, session, outbox);
        }

        session.IsClosed = true;
        _contested.Remove(session);
        session.Node.List?.Remove(session.Node);
        _sessions.Remove(session.Id);
        if (session.IsBound && _byMember.TryGetValue(session.Member, out var current) && current == session)
        {
            _byMember.Remove(session.Member);
        }

        if (_founder == session)
        {
            _founder = null; // A founder that vanishes leaves the place to the next.
        }

        var left = _perPrefix[session.Remote] - 1;
        if (left == 0)
        {
            _perPrefix.Remove(session.Remote);
        }
        else
        {
            _perPrefix[session.Remote] = left;
        }
    }

    private void LoseGateway(Instant now, HubSession session, HubOutbox outbox)
    {
        if (_gateways.Count == 0)
        {
            _gatewaySeenAt = now;
        }

        outbox.Observe(HubObservation.GatewayLost, session.Id, session.Member);
    }

    private void Drop(HubSession from, DropReason why, HubOutbox outbox)
    {
        _counters.Dropped[(int)why]++;
        outbox.Observe(new() { Observation = HubObservation.Dropped, Session = from.Id, Peer = from.Member, Drop = why });
    }

    private void Refuse(Instant now, HubSession session, AdmitRefusal why, string text, HubOutbox outbox)
    {
        _counters.Refused[(int)why]++;
        Reply(now, session, new AdmitRefused(why, text), outbox);
        outbox.Observe(new() { Observation = HubObservation.Refused, Session = session.Id, Peer = session.Member, Refusal = why });
        Close(now, session, HubClose.Refused, outbox);
    }

    /// <summary>Sends a hub message: unsigned, between the two ends of this session, never forwarded.</summary>
    private static void Reply(Instant now, HubSession session, Payload payload, HubOutbox outbox) =>
        outbox.Send(session.Id, new() { Kind = payload.Kind, HopsLeft = 1, Body = Unsigned(now, payload) });

    private static SignedBody Unsigned(Instant now, Payload payload) =>
        new() { Instance = 0, ExpiresAt = now.UnixMilliseconds + (long)AnswerLife.TotalMilliseconds, Payload = payload };
}
