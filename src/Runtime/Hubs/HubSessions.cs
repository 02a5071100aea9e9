using Overlay.Effects;

namespace Overlay.Runtime.Hubs;

/// <summary>The hub sessions of one node: carries out <c>OpenHub</c> and <c>CloseHub</c> and reports what comes back as inputs of the loop.</summary>
internal sealed class HubSessions(IReadOnlyList<IHubConnector> hubs, TimeProvider time, Func<LoopInput, CancellationToken, ValueTask> post)
{
    private static readonly TimeSpan GoodByeTimeout = TimeSpan.FromSeconds(2);

    private readonly Dictionary<LinkId, Entry> _sessions = [];

    /// <summary>The last failure to connect, for the caller who waits for the node to start.</summary>
    public OverlayException? LastFailure { get; private set; }

    /// <summary>Sessions that are connecting or open.</summary>
    public int Count => _sessions.Count;

    /// <summary>Begins to connect session <paramref name="link"/> to hub <paramref name="hub"/> of the list, or to one that was learned of by its address.</summary>
    public void Open(LinkId link, int hub, string? address = null)
    {
        var way = address is null ? hubs[Math.Clamp(hub, 0, hubs.Count - 1)] : WayTo(address);
        var entry = new Entry(way.Name);
        _sessions[link] = entry;
        entry.Running = RunAsync(link, way, entry);
    }

    /// <summary>The address of the hub of a session; null where there is no such session.</summary>
    public string? NameOf(LinkId link) => _sessions.GetValueOrDefault(link)?.Hub;

    /// <summary>Sends a frame; a session that is gone loses it.</summary>
    public bool TrySend(LinkId link, ReadOnlySpan<byte> frame) =>
        _sessions.TryGetValue(link, out var entry) && entry.Session is { } session && session.TrySend(frame);

    /// <summary>Whether <paramref name="link"/> is a hub session.</summary>
    public bool Contains(LinkId link) => _sessions.ContainsKey(link);

    /// <summary>Ends a session after what is queued was sent.</summary>
    public void Close(LinkId link)
    {
        if (_sessions.Remove(link, out var entry))
        {
            entry.CloseGracefully();
        }
    }

    /// <summary>Forgets a session that has ended by itself.</summary>
    public bool Forget(LinkId link) => _sessions.Remove(link);

    /// <summary>Ends all sessions: with a good-bye, or at once as a crash would.</summary>
    public async Task StopAsync(bool atOnce)
    {
        var running = new List<Task>();
        foreach (var entry in _sessions.Values)
        {
            if (atOnce)
            {
                entry.Abort();
            }
            else
            {
                entry.CloseGracefully();
            }

            running.Add(entry.Running);
        }

        _sessions.Clear();
        await Task.WhenAll(running).ConfigureAwait(false);
    }

    /// <summary>The way in the list that leads there, else a new one.</summary>
    private IHubConnector WayTo(string address)
    {
        foreach (var way in hubs)
        {
            if (way.Name == address)
            {
                return way;
            }
        }

        return Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "ws" or "wss" ? new WebSocketHub(uri, time) : new NoHub(address);
    }

    /// <summary>What was said to be a hub's address is none.</summary>
    private sealed class NoHub(string address) : IHubConnector
    {
        public string Name => address;

        public Task<IHubSession> ConnectAsync(CancellationToken cancellationToken) =>
            Task.FromException<IHubSession>(new OverlayException(OverlayError.HubUnreachable, $"'{address}' is no hub's address."));
    }

    private async Task RunAsync(LinkId link, IHubConnector hub, Entry entry)
    {
        var stop = entry.Stop.Token;
        try
        {
            await Task.Yield(); // The step that asked for the session ends first.
            await using var session = await hub.ConnectAsync(stop).ConfigureAwait(false);
            entry.Session = session;
            await post(LoopInput.HubOpened(link), stop).ConfigureAwait(false);
            while (await session.ReceiveAsync(stop).ConfigureAwait(false) is { } frame)
            {
                await post(LoopInput.HubFrame(link, frame.ToArray()), stop).ConfigureAwait(false);
            }
        }
        catch (OverlayException e)
        {
            LastFailure = e;
        }
        catch (OperationCanceledException)
        {
            // Closed by this node.
        }
        catch (Exception e)
        {
            // A connector may be anybody's: its mistake ends this session, not the node.
            LastFailure = new OverlayException(OverlayError.HubUnreachable, $"The session with {hub.Name} broke: {e.Message}", e);
        }
        finally
        {
            if (!entry.IsClosed)
            {
                await post(LoopInput.HubLost(link), CancellationToken.None).ConfigureAwait(false);
            }

            entry.Stop.Dispose();
        }
    }

    private sealed class Entry(string hub)
    {
        public string Hub => hub;

        public CancellationTokenSource Stop { get; } = new();

        public IHubSession? Session { get; set; }

        public Task Running { get; set; } = Task.CompletedTask;

        public bool IsClosed { get; private set; }

        public void CloseGracefully()
        {
            IsClosed = true;
            Session?.Complete();
            End(Session is null ? TimeSpan.Zero : GoodByeTimeout);
        }

        public void Abort()
        {
            IsClosed = true;
            Session?.Abort();
            End(TimeSpan.Zero);
        }

        private void End(TimeSpan after)
        {
            try
            {
                Stop.CancelAfter(after);
            }
            catch (ObjectDisposedException)
            {
                // It had ended by itself.
            }
        }
    }
}
