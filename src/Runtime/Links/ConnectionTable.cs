using System.Diagnostics.CodeAnalysis;
using Overlay.WebRtc;
using Overlay.WebRtc.Peer;

namespace Overlay.Runtime.Links;

/// <summary>All connections of one node: found for each datagram, drained in turn, advanced when they are due.</summary>
/// <remarks>
/// One socket serves many connections. A datagram is given to the connection whose checks last used its address, in either direction; a STUN
/// request also names its connection by the user fragment, which wins.
/// </remarks>
internal sealed class ConnectionTable
{
    private readonly HashSet<HostedConnection> _all = [];
    private readonly Dictionary<string, HostedConnection> _byUfrag = new(StringComparer.Ordinal);
    private readonly Dictionary<(PathId Path, TransportAddress Remote), HostedConnection> _byRemote = [];
    private readonly List<HostedConnection> _dirty = [];

    /// <summary>Takes a connection in.</summary>
    public void Add(HostedConnection connection)
    {
        _all.Add(connection);
        LearnUfrag(connection);
        MarkDirty(connection);
    }

    /// <summary>The connection has another user fragment since ICE was restarted; late checks still use the one before.</summary>
    public void LearnUfrag(HostedConnection connection)
    {
        var ufrag = connection.Connection.LocalUfrag;
        if (_byUfrag.TryAdd(ufrag, connection))
        {
            connection.Ufrags.Add(ufrag);
        }
    }

    /// <summary>Finds the connection that a datagram belongs to.</summary>
    public bool TryRoute(PathId path, TransportAddress from, ReadOnlySpan<byte> datagram, [NotNullWhen(true)] out HostedConnection? connection)
    {
        if (PeerDemux.KindOf(datagram) == DatagramKind.Stun
            && PeerDemux.TryGetLocalUfrag(datagram, out var ufrag)
            && _byUfrag.TryGetValue(ufrag, out connection))
        {
            Remember(connection, path, from);
            return true;
        }

        return _byRemote.TryGetValue((path, from), out connection);
    }

    /// <summary>Remembers that <paramref name="connection"/> speaks with an address, so that answers from there are its own.</summary>
    public void Remember(HostedConnection connection, PathId path, TransportAddress remote)
    {
        if (_byRemote.TryGetValue((path, remote), out var known) && known == connection)
        {
            return;
        }

        _byRemote[(path, remote)] = connection;
        connection.Remotes.Add((path, remote));
    }

    /// <summary>Puts the connection on the list of those to drain.</summary>
    public void MarkDirty(HostedConnection connection)
    {
        if (!connection.IsDirty)
        {
            connection.IsDirty = true;
            _dirty.Add(connection);
        }
    }

    /// <summary>Takes the next connection to drain.</summary>
    public bool TryTakeDirty([NotNullWhen(true)] out HostedConnection? connection)
    {
        while (_dirty.Count > 0)
        {
            connection = _dirty[^1];
            _dirty.RemoveAt(_dirty.Count - 1);
            connection.IsDirty = false;
            if (!connection.IsClosed)
            {
                return true;
            }
        }

        connection = null;
        return false;
    }

    /// <summary>Lets every connection whose time has come act; true where there was one.</summary>
    public bool AdvanceDue(Instant now)
    {
        var any = false;
        foreach (var connection in _all)
        {
            if (connection.Connection.WakeAt <= now)
            {
                connection.Connection.Advance(now);
                MarkDirty(connection);
                any = true;
            }
        }

        return any;
    }

    /// <summary>The earliest deadline of all connections.</summary>
    public Instant NextDue()
    {
        var next = Instant.Never;
        foreach (var connection in _all)
        {
            next = Instant.Min(next, connection.Connection.WakeAt);
        }

        return next;
    }

    /// <summary>Forgets a connection and frees it. What it still has to send must have been drained.</summary>
    public void Remove(HostedConnection connection)
    {
        connection.IsClosed = true;
        _all.Remove(connection);
        foreach (var ufrag in connection.Ufrags)
        {
            _byUfrag.Remove(ufrag);
        }

        foreach (var remote in connection.Remotes)
        {
            if (_byRemote.TryGetValue(remote, out var owner) && owner == connection)
            {
                _byRemote.Remove(remote);
            }
        }

        connection.Connection.Dispose();
    }

    /// <summary>Frees them all; nothing more is sent.</summary>
    public void Clear()
    {
        foreach (var connection in _all)
        {
            connection.Connection.Dispose();
        }

        _all.Clear();
        _byUfrag.Clear();
        _byRemote.Clear();
    }
}
