using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

// Two trees of one network become one where they touch, over a far link of old or because their hub named a to b as another gateway:
//   a → Reign(brief) → b;  b → Reign(in full, answer) → a;  a → Reign(in full) → b;  whichever belongs to the tree that gives way tells its root r of the other, say b
//   r → Attach → b, signalling through a;  accepted, r is a child of b, with its whole tree.      It steps down then, not before: a false word costs a question.
// A root that is shown to be rightful gives way to none that is not; of two equals the one of the later (epoch, rank) stays.
public sealed partial class OverlayTree
{
    private const ulong Brief = 0;
    private const ulong Answer = 1;
    private const ulong InFull = 2;
    private const ulong Question = 3;

    /// <summary>A reign farther off than that is nobody's who once belonged here.</summary>
    private const uint FarthestEpoch = 4096;

    private const int MaxNamed = 4;
    private static readonly TimeSpan ReignPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan NamedLife = TimeSpan.FromSeconds(30);

    private Moment _reignToldAt;
    private Moment _reignAnsweredAt;
    private Moment _reignJudgedAt;
    private Moment _outlivedAt;
    private RareList<Named> _named;

    /// <summary>The hub named another member that claims what this node claims. It may be of the same tree, where claims pass on; else there are two.</summary>
    /// <returns>Whether more is to be found out, so that the session with the hub is to stay.</returns>
    public bool HearOfOther(Instant now, in Contact other)
    {
        if (!IsMember || other.Id == _self || SideOf(other.Id) != TreeSide.None || _table.TryFind(other.Id, out _))
        {
            return false;
        }

        var id = other.Id;
        _named.RemoveAll(named => named.Contact.Id == id);
        if (_named.Count == MaxNamed)
        {
            _named.RemoveAt(0);
        }

        _named.Add(new(other, now, now + NamedLife));
        return true;
    }

    /// <summary>The hub knows another root of this network, and can signal between the two.</summary>
    public void MeetRoot(Instant now, in Contact other)
    {
        if (IsRoot)
        {
            MeetTree(now, _self, other.Descriptor);
        }
    }

    private void TendNamed(Instant now)
    {
        for (var i = _named.Count - 1; i >= 0; i--)
        {
            ref var named = ref _named[i];
            if (now >= named.Until)
            {
                var peer = named.Contact.Id;
                _named.RemoveAt(i);
                if (_spare?.Id != peer && _nextSpare?.Id != peer)
                {
                    _port.UnwantLink(now, peer, LinkPurpose.Join);
                }
            }
            else if (now >= named.Due && !named.WasAsked)
            {
                named = named with { Due = now + ReignPause, WasAsked = true };
                TellReign(now, named.Contact.Id, Question); // By the tree's own ways; or through the hub, where it speaks over this node's session.
            }
            else if (now >= named.Due)
            {
                named = named with { Due = now + ReignPause };
                _port.WantLinkVia(now, named.Contact, LinkPurpose.Join, _self);
            }
        }
    }

    private void NamedLinkUp(Instant now, RingId peer)
    {
        foreach (ref var named in _named.Items)
        {
            if (named.Contact.Id == peer)
            {
                named = named with { Until = now + NamedLife, Due = now + NamedLife };
                TellReign(now, peer, Answer);
            }
        }
    }

    /// <summary>Tells <paramref name="to"/> of this node's tree.</summary>
    private void TellReign(Instant now, RingId to, ulong word)
    {
        if (IsRoot || (_ancestors.Length > 0 && !IsOrphan))
        {
            var isFull = word is Answer or InFull; // A warrant may be long; it is for those who differ.
            _port.Send(now, to, new TreeNotice(TreeNews.Reign, word, _clock.Epoch, _clock.Rank, _self, _port.Self.Descriptor) { Warrant = isFull ? _warrant : null });
        }
    }

    private void OnReign(Instant now, in Contact from, TreeNotice notice, in Descriptor toward)
    {
        if (!IsMember)
        {
            return;
        }

        var clock = new TreeClock(notice.Epoch, notice.Rank, 0);
        if (clock.Reign == _clock.Reign)
        {
            var id = from.Id;
            _named.RemoveAll(named => named.Contact.Id == id); // One and the same tree.
            if (notice.Nonce == Question)
            {
                TellReign(now, from.Id, Brief);
            }
        }
        else if (notice.Nonce is Brief or Question)
        {
            Differ(now, from.Id);
        }
        else
        {
            if (notice.Nonce == Answer && now - _reignAnsweredAt >= Beat)
            {
                _reignAnsweredAt = now;
                TellReign(now, from.Id, InFull);
            }

            JudgeReign(now, from, clock, toward, notice.Warrant);
        }
    }

    /// <summary>Somebody is of another reign: who has the right to stay is found out by saying all.</summary>
    private void Differ(Instant now, RingId with)
    {
        if (now - _reignToldAt >= ReignPause)
        {
            _reignToldAt = now;
            TellReign(now, with, Answer);
        }
    }

    private void JudgeReign(Instant now, in Contact from, TreeClock clock, in Descriptor toward, RootWarrant? warrant)
    {
        if (warrant is not null && now - _reignJudgedAt < Beat)
        {
            return; // Signatures cost more to look at than to send.
        }

        _reignJudgedAt = warrant is null ? _reignJudgedAt : now;
        if (warrant is not null && (warrant.Epoch > clock.Epoch || _authority is not { Judges: true } || !_authority.IsValid(warrant)))
        {
            return; // A lie, or nothing that this node can judge.
        }

        var (theirs, mine) = (warrant is not null, _warrant is not null);
        var givesWay = theirs == mine ? clock.Reign > _clock.Reign : theirs;
        if (!IsRoot)
        {
            if ((givesWay || clock.Reign > _clock.Reign) && _ancestors.Length > 0 && _parent is not null)
            {
                var notice = new TreeNotice(TreeNews.Reign, InFull, clock.Epoch, clock.Rank, toward.Id, toward) { Warrant = warrant };
                _port.Send(now, _ancestors[0].Node.Id, notice);
            }
        }
        else if (!givesWay)
        {
            OutliveReign(now, clock);
        }
        else if (clock.Reign > _clock.Reign)
        {
            MeetTree(now, from.Id, toward); // Else it raises its reign first, and says so again.
        }
    }

    private void MeetTree(Instant now, RingId source, in Descriptor toward)
    {
        if (_seek is null && toward.Id != _self && !_table.TryFind(toward.Id, out _))
        {
            RingId? via = source == _self || source == toward.Id ? null : source;
            SeekNode(now, new TreeSeek(TreeReason.Foster, _random.Next() | 1) { Former = _self, Source = source, Via = via }, toward);
        }
    }

    /// <summary>Somebody without a root asks to come in whose clock is of a later reign than this tree's, so that nobody here could ever accept it; or there is a tree of a later
    /// reign whose root has less right than this one. So the root goes on to a reign that is later than both. Clocks only go forward by that.</summary>
    private void OutliveReign(Instant now, TreeClock clock)
    {
        if (clock.Reign <= _clock.Reign || clock.Epoch - _clock.Epoch > FarthestEpoch)
        {
            return;
        }

        if (IsRoot && !IsFrozen)
        {
            _clock = new(clock.Epoch + 1, _clock.Rank, _clock.Sequence + 1);
            SendBeacons(now);
            TellStandIns(now);
        }
        else if (_ancestors.Length > 0 && _parent is not null && now - _outlivedAt >= Beat)
        {
            _outlivedAt = now;
            _port.Send(now, _ancestors[0].Node.Id, new TreeNotice(TreeNews.Outlived, 0, clock.Epoch, clock.Rank, _self, null));
        }
    }

    /// <summary>Where this tree's root is new, or was shown to be one: what its parent says of that is looked at before it is believed.</summary>
    private void TakeWarrant(RingId root, RootWarrant? warrant)
    {
        if (warrant is not null && warrant.Root == root && _authority?.IsValid(warrant) == true)
        {
            _warrant = warrant;
        }
        else if (_warrant?.Root != root)
        {
            _warrant = null;
        }
    }

    /// <summary>A member that the hub named.</summary>
    private readonly record struct Named(Contact Contact, Moment Due, Moment Until)
    {
        public bool WasAsked { get; init; }
    }
}
