using Overlay.Effects;
using Overlay.Runtime.Pages;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Channels;

/// <summary>What connections bring, and what time does to them.</summary>
internal sealed partial class ChannelHost
{
    /// <summary>A channel was rung for: what it has is handed on.</summary>
    public void Pump(WebRtc.Instant now, ConnectionChannel channel)
    {
        var isPending = channel.Pump(now);
        if (channel.On is { IsClosed: false } connection)
        {
            if (isPending)
            {
                connection.Pending.Add(channel);
            }

            table.MarkDirty(connection);
        }
    }

    /// <summary>Hands over what a connection received. True where it has ended: its last datagrams are still to be sent, then <see cref="Forget"/>.</summary>
    public bool Drain(WebRtc.Instant now, ChannelConnection connection)
    {
        bool hasReceived, hasEnded;
        do
        {
            hasReceived = Receive(now, connection);
            hasEnded = TakeEvents(now, connection);
        }
        while (hasReceived); // Reading makes room, and may bring more.

        if (!hasEnded)
        {
            PumpPending(now, connection);
            NoteIdle(now, connection);
            if (connection is PageConnection page)
            {
                Pages.Tend(now, page);
            }
            else
            {
                ConsiderRestart(now, connection);
            }
        }

        return hasEnded;
    }

    /// <summary>A connection has ended: its channels hear why, and the node forgets it.</summary>
    public void Forget(Time.Instant now, ChannelConnection connection, Outbox outbox)
    {
        if (connection is PageConnection page)
        {
            Pages.Forget(page);
            return;
        }

        var failure = connection.Connection.Failure;
        Remove(connection, failure == PeerFailure.None
            ? new OverlayException(OverlayError.ChannelLost, $"{connection.Peer} closed the connection.")
            : new OverlayException(OverlayError.ChannelLost, $"The connection to {connection.Peer} broke off ({failure}): it has crashed, or no way to it is left."));
        node.ConnectionEnded(now, connection.Number, outbox);
    }

    /// <summary>Restarts of ICE and idle connections, where they are due. True where something was done; the node is told of a restart by <paramref name="restarted"/>.</summary>
    public bool Advance(WebRtc.Instant now, Action<ulong, Messages.LinkDescription> restarted)
    {
        if (NextDue > now)
        {
            return false;
        }

        Pages.Advance(now);
        foreach (var connection in new List<ChannelConnection>(_byNumber.Values))
        {
            if (connection.RestartAt <= now)
            {
                connection.RestartAt = WebRtc.Instant.Never;
                if (connection.Connection.RestartIce(now))
                {
                    connection.RestartAfter = TimeSpan.FromTicks(Math.Min(2 * connection.RestartAfter.Ticks, LongestRestartAfter.Ticks));
                    table.LearnUfrag(connection);
                    table.MarkDirty(connection);
                    restarted(connection.Number, Describe(connection));
                }
            }

            if (!connection.IdleSince.IsNever && connection.IdleSince + IdleTimeout <= now)
            {
                connection.IdleSince = WebRtc.Instant.Never;
                connection.Connection.Close(now);
                table.MarkDirty(connection);
            }
        }

        return true;
    }

    /// <summary>The node stops: every channel ends.</summary>
    public void CloseAll(WebRtc.Instant now)
    {
        var stopped = new OverlayException(OverlayError.Stopped, "The node has stopped.");
        Pages.CloseAll(now, stopped);
        foreach (var connection in new List<ChannelConnection>(_byNumber.Values))
        {
            connection.Connection.Close(now);
            OnFlush(connection);
            Remove(connection, stopped);
        }

        foreach (var channels in _waiting.Values)
        {
            foreach (var channel in channels)
            {
                channel.End(stopped);
            }
        }

        _waiting.Clear();
    }

    private bool Receive(WebRtc.Instant now, ChannelConnection connection)
    {
        var hasReceived = false;
        while (connection.HeldBackBy is null or { HasRoom: true } && connection.Connection.TryReceive(out var message))
        {
            hasReceived = true;
            connection.HeldBackBy = null;
            if (!connection.Channels.TryGetValue(message.Channel, out var channel))
            {
                _ = TakeEvents(now, connection); // The event that says that its channel is open waits before it.
                connection.Channels.TryGetValue(message.Channel, out channel);
            }

            if (channel?.Arrive(message.Payload.Span) == false)
            {
                connection.HeldBackBy = channel;
            }
        }

        return hasReceived;
    }

    /// <returns>Whether the connection has ended.</returns>
    private bool TakeEvents(WebRtc.Instant now, ChannelConnection connection)
    {
        while (connection.Connection.TryGetEvent(out var e))
        {
            switch (e.Kind)
            {
                case PeerEventKind.ChannelOpened:
                    Opening(now, connection, e.Channel);
                    break;
                case PeerEventKind.ChannelClosed when !HasEnded(connection) && connection.Channels.TryGetValue(e.Channel, out var closed):
                    closed.End(null);
                    connection.Pending.Remove(closed);
                    break;
                case PeerEventKind.SelectedPairChanged:
                    NoteWay(connection);
                    break;
            }
        }

        return HasEnded(connection);
    }

    private void NoteWay(ChannelConnection connection)
    {
        var statistics = connection.Connection.Statistics;
        bool? isDirect = statistics.HasSelectedPair ? !IsOverlay(statistics.SelectedPath) : null;
        if (isDirect is { } way && connection.IsDirect is { } before && way != before)
        {
            OnSwitched(way);
        }

        connection.IsDirect = isDirect ?? connection.IsDirect;
    }

    private static bool HasEnded(ChannelConnection connection) => connection.Connection.State is PeerState.Failed or PeerState.Closed;

    private void Opening(WebRtc.Instant now, ChannelConnection connection, ChannelId id)
    {
        if (connection.Channels.TryGetValue(id, out var own))
        {
            own.Open();
            Pump(now, own);
        }
        else if (connection.Connection.TryGetChannel(id, out var info) && info.IsRemote)
        {
            var channel = new ConnectionChannel(this, info.Options.Label, connection.Remote, isIncoming: true);
            channel.Bind(connection, id);
            channel.Open();
            if (Opened is { } opened)
            {
                opened(channel);
            }
            else
            {
                channel.Abort();
            }
        }
    }

    private static void PumpPending(WebRtc.Instant now, ChannelConnection connection)
    {
        if (connection.Pending.Count > 0)
        {
            connection.Pending.RemoveWhere(channel => !channel.Pump(now));
        }
    }

    private static void NoteIdle(WebRtc.Instant now, ChannelConnection connection)
    {
        if (connection.Channels.Count > 0)
        {
            connection.IdleSince = WebRtc.Instant.Never;
        }
        else if (connection.IdleSince.IsNever)
        {
            connection.IdleSince = now;
        }
    }

    private void ConsiderRestart(WebRtc.Instant now, ChannelConnection connection)
    {
        if (!connection.Connection.IsOverOverlay)
        {
            connection.RestartAfter = FirstRestartAfter;
        }
        else if (_options.Policy == ChannelPolicy.Auto && connection is { IsOfferer: true, RestartAt.IsNever: true } && connection.Connection.IsIceOver)
        {
            connection.RestartAt = now + connection.RestartAfter;
        }
    }
}
