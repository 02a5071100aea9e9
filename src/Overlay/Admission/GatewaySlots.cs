using Overlay.Messages;

namespace Overlay.Admission;

/// <summary>Who holds the gateway slots; the newest attacher does.</summary>
/// <remarks>Invariant: a session is in the list of gateways exactly while it holds a slot, so there are at most <see cref="Attach.SlotCount"/> of them.</remarks>
internal sealed class GatewaySlots
{
    private readonly HubSession?[] _holders = new HubSession?[Attach.SlotCount];
    private readonly List<HubSession> _gateways = new(Attach.SlotCount);
    private int _next;

    public int Count => _gateways.Count;

    /// <summary>Gives <paramref name="session"/> exactly the slots of <paramref name="mask"/>; those who lose some are added to <paramref name="losers"/>.</summary>
    public void Assign(HubSession session, byte mask, List<HubSession> losers)
    {
        for (var slot = 0; slot < _holders.Length; slot++)
        {
            var bit = (byte)(1 << slot);
            if ((mask & bit) == 0)
            {
                if (_holders[slot] == session)
                {
                    _holders[slot] = null;
                }

                continue;
            }

            if (_holders[slot] is { } loser && loser != session)
            {
                loser.Slots &= (byte)~bit;
                if (!losers.Contains(loser))
                {
                    losers.Add(loser);
                }
            }

            _holders[slot] = session;
        }

        session.Slots = mask;
        Enlist(session);
        foreach (var loser in losers)
        {
            Enlist(loser);
        }
    }

    /// <summary>Frees all slots of a session.</summary>
    public void Release(HubSession session)
    {
        for (var slot = 0; slot < _holders.Length; slot++)
        {
            if (_holders[slot] == session)
            {
                _holders[slot] = null;
            }
        }

        session.Slots = 0;
        Enlist(session);
    }

    /// <summary>The next gateway in turn, or null where there is none but <paramref name="except"/>.</summary>
    public HubSession? Next(HubSession except)
    {
        for (var tries = 0; tries < _gateways.Count; tries++)
        {
            var gateway = _gateways[_next++ % _gateways.Count];
            if (gateway != except)
            {
                return gateway;
            }
        }

        return null;
    }

    /// <summary>
    /// A gateway for a page: with <paramref name="tries"/> 0 whoever holds its slot (address mod 8) or else the next one that is held, with each try another, in turn. Null where
    /// there is none.
    /// </summary>
    public HubSession? Near(uint address, int tries)
    {
        if (_gateways.Count == 0)
        {
            return null;
        }

        var left = tries % _gateways.Count;
        for (var step = 0u; step < Attach.SlotCount; step++)
        {
            if (_holders[(address + step) % Attach.SlotCount] is { } holder && IsFirstOf(holder, address, step) && left-- == 0)
            {
                return holder;
            }
        }

        return null;
    }

    /// <summary>The slots of a session as a list, ascending.</summary>
    public static int[] ListOf(byte mask)
    {
        var slots = new int[byte.PopCount(mask)];
        var at = 0;
        for (var slot = 0; slot < Attach.SlotCount; slot++)
        {
            if ((mask & (1 << slot)) != 0)
            {
                slots[at++] = slot;
            }
        }

        return slots;
    }

    private bool IsFirstOf(HubSession holder, uint address, uint step)
    {
        for (var before = 0u; before < step; before++)
        {
            if (_holders[(address + before) % Attach.SlotCount] == holder)
            {
                return false;
            }
        }

        return true;
    }

    private void Enlist(HubSession session)
    {
        var at = _gateways.IndexOf(session);
        if (session.IsGateway && at < 0)
        {
            _gateways.Add(session);
        }
        else if (!session.IsGateway && at >= 0)
        {
            _gateways.RemoveAt(at);
        }

        if (_next >= _gateways.Count)
        {
            _next = 0;
        }
    }
}
