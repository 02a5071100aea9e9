using Overlay.Admission;
using Overlay.Identity;

namespace Overlay.Hub;

/// <summary>Addresses and host names of the pages that speak Smoke's protocol. Both belong to a session and vanish with it.</summary>
/// <remarks>Addresses count up from 0.0.0.1 and come again only after all 2^32, so a stale signal never reaches the next holder.</remarks>
internal sealed class SmokeDirectory
{
    /// <summary>Characters of a host name at the most.</summary>
    public const int MaxNameLength = 253;

    private readonly Dictionary<uint, Page> _pages = [];
    private readonly Dictionary<string, Page> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<SessionId, Page> _bySession = [];
    private uint _last;

    public int Count => _pages.Count;

    /// <summary>Gives a session its address.</summary>
    public string Open(SessionId session)
    {
        do
        {
            _last++;
        }
        while (_last == 0 || _pages.ContainsKey(_last));

        var page = new Page(session, _last, GuestIds.Quad(_last));
        _pages.Add(_last, page);
        _bySession.Add(session, page);
        return page.Address;
    }

    public void Close(SessionId session)
    {
        if (_bySession.Remove(session, out var page))
        {
            _pages.Remove(page.Number);
            Free(page.Name);
            Free(page.Wanted);
        }
    }

    public string? AddressOf(SessionId session) => _bySession.GetValueOrDefault(session)?.Address;

    /// <summary>The address of a session as a number; 0 where it has none.</summary>
    public uint NumberOf(SessionId session) => _bySession.GetValueOrDefault(session)?.Number ?? 0;

    /// <summary>The session behind an address as a number.</summary>
    public bool TryFind(uint number, out SessionId session)
    {
        var found = _pages.GetValueOrDefault(number);
        session = found?.Session ?? default;
        return found is not null;
    }

    /// <summary>The session behind an address.</summary>
    public bool TryFind(string address, out SessionId session)
    {
        session = default;
        return GuestIds.TryReadQuad(address, out var number) && TryFind(number, out session);
    }

    /// <summary>Keeps a name for a session until <see cref="Commit"/> or <see cref="Withdraw"/>; nobody finds it yet. Null where it is kept, else the reason why not.</summary>
    public string? Reserve(SessionId session, string name)
    {
        if (name.Length is 0 or > MaxNameLength)
        {
            return $"a hostname has 1 to {MaxNameLength} characters";
        }

        if (IsAddress(name))
        {
            return $"'{name}' is an address, no hostname"; // Pages look every address up before they connect: whoever had it as a name would be connected to instead.
        }

        if (_byName.ContainsKey(name))
        {
            return $"hostname '{name}' already registered";
        }

        var page = _bySession[session];
        if (page.Wanted is not null)
        {
            return "another registration is under way";
        }

        page.Wanted = name;
        _byName.Add(name, page);
        return null;
    }

    /// <summary>The reserved name is the session's; its earlier one is free.</summary>
    public void Commit(SessionId session)
    {
        if (_bySession.TryGetValue(session, out var page) && page.Wanted is { } wanted)
        {
            Free(page.Name);
            (page.Name, page.Wanted) = (wanted, null);
        }
    }

    /// <summary>The reserved name is free again.</summary>
    public void Withdraw(SessionId session)
    {
        if (_bySession.TryGetValue(session, out var page))
        {
            Free(page.Wanted);
            page.Wanted = null;
        }
    }

    /// <summary>The page with this address has lost its name.</summary>
    public void Lose(uint number)
    {
        if (_pages.TryGetValue(number, out var page))
        {
            Free(page.Name);
            page.Name = null;
        }
    }

    /// <summary>The address of a name, or of an address that is connected.</summary>
    public string? Lookup(string name)
    {
        if (_byName.TryGetValue(name, out var page) && page.Name == name)
        {
            return page.Address;
        }

        return TryFind(name, out var session) ? _bySession[session].Address : null;
    }

    private static bool IsAddress(string name) =>
        GuestIds.TryReadAddress(name, homeHub: 0, out _) || name == "localhost" || name.StartsWith("localhost:", StringComparison.Ordinal);

    private void Free(string? name)
    {
        if (name is not null)
        {
            _byName.Remove(name);
        }
    }

    private sealed class Page(SessionId session, uint number, string address)
    {
        public SessionId Session => session;

        public uint Number => number;

        public string Address => address;

        public string? Name { get; set; }

        /// <summary>Reserved for it, while the network is asked.</summary>
        public string? Wanted { get; set; }
    }
}
