using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

/// <summary>The nodes that left or died lately, so that neighbours that have not heard of it yet cannot bring them back.</summary>
/// <remarks>
/// Leaving such a node out of an adopted list is the same as adopting and then dropping it, which the proof allows for the dead. Bounded: the
/// oldest notice makes room for a new one, and then the failure detector has to find out once more.
/// A mutable value: keep it in a field that is not read-only, never copy it.
/// </remarks>
public struct DepartedNodes
{
    /// <summary>Notices kept.</summary>
    public const int Capacity = 32;

    /// <summary>How long a notice is kept.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    private RareList<Notice> _notices;

    /// <summary>The notices, oldest first.</summary>
    public readonly int Count => _notices.Count;

    /// <summary>Instance <paramref name="instance"/> of <paramref name="id"/> and all before it are gone.</summary>
    /// <param name="now">This moment.</param>
    /// <param name="id">The node.</param>
    /// <param name="instance">Its last known instance.</param>
    /// <param name="saidGoodBye">It said so itself: a late message of it is no sign of life.</param>
    public void Add(Instant now, RingId id, long instance, bool saidGoodBye)
    {
        Expire(now);
        for (var index = 0; index < _notices.Count; index++)
        {
            if (_notices[index].Id == id)
            {
                var known = _notices[index];
                instance = Math.Max(instance, known.Instance);
                saidGoodBye |= known.SaidGoodBye && known.Instance == instance;
                _notices.RemoveAt(index);
                break;
            }
        }

        if (_notices.Count == Capacity)
        {
            _notices.RemoveAt(0);
        }

        _notices.Add(new(id, instance, now, saidGoodBye));
    }

    /// <summary>Whether this instance of a node is known to be gone.</summary>
    public readonly bool Contains(RingId id, long instance)
    {
        foreach (var notice in _notices)
        {
            if (notice.Id == id)
            {
                return instance <= notice.Instance;
            }
        }

        return false;
    }

    /// <summary>A sign of life: a notice of death about this instance was wrong. A good-bye stands.</summary>
    public void Heard(RingId id, long instance)
    {
        for (var index = 0; index < _notices.Count; index++)
        {
            if (_notices[index].Id == id)
            {
                if (!_notices[index].SaidGoodBye && instance >= _notices[index].Instance)
                {
                    _notices.RemoveAt(index);
                }

                return;
            }
        }
    }

    /// <summary>
    /// Forgets the notices of death, not the good-byes: whoever thought everybody dead was away itself, and would not believe those who help it back.
    /// </summary>
    public void ForgetDeaths()
    {
        for (var index = _notices.Count - 1; index >= 0; index--)
        {
            if (!_notices[index].SaidGoodBye)
            {
                _notices.RemoveAt(index);
            }
        }
    }

    /// <summary>Forgets notices that are too old.</summary>
    public void Expire(Instant now)
    {
        while (_notices.Count > 0 && now - _notices[0].At > Lifetime)
        {
            _notices.RemoveAt(0);
        }
    }

    /// <summary>The notices as (id, instance, good-bye), for the founding set.</summary>
    public readonly (RingId Id, long Instance, bool SaidGoodBye) this[int index] => (_notices[index].Id, _notices[index].Instance, _notices[index].SaidGoodBye);

    private readonly record struct Notice(RingId Id, long Instance, Moment At, bool SaidGoodBye);
}
