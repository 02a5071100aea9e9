using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

// The way to a parent, for newcomers, orphans and who moves alike:
//   (ask for a place →) (certificate →) link → Attach(clock) → Attached → child.    The clock stands still from Attach to the answer.
public sealed partial class OverlayTree
{
    private const int MaxAsks = 5;
    private const int MaxOrphanAsks = 2;
    private const int MaxFetches = 3;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan NotYetPause = TimeSpan.FromMilliseconds(400);

    private TreeSeek? _seek;

    /// <summary>Starts to join: asks the root for a place. The node takes care of how the question gets into the network.</summary>
    public void BeginJoin(Instant now)
    {
        if (Phase is NodePhase.Idle)
        {
            BecomePhase(NodePhase.Joining);
            StartAsking(now, TreeReason.Join, TreeSearch.Delegated);
        }
    }

    /// <summary>A node keeps a place for this one.</summary>
    public void OnPlace(Instant now, in Contact from, TreePlace place)
    {
        ArgumentNullException.ThrowIfNull(place);
        if (_seek is not { Step: SeekStep.Asking } seek || seek.Nonce != place.Nonce || from.Id == _self)
        {
            return;
        }

        if (seek.Errand is { Task: TreeTask.Lift } && place.Depth + 1 >= Depth)
        {
            EndSeek(now, keepLink: false); // Nothing would be gained by now.
            return;
        }

        seek.Target = from;
        LinkToTarget(now, seek);
    }

    /// <summary>The answer to who wants a parent.</summary>
    public void OnAttached(Instant now, in Contact from, TreeAttached answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (_seek is not { Step: SeekStep.Attaching } seek || seek.Nonce != answer.Nonce || seek.Target.Id != from.Id)
        {
            if (answer.Verdict == TreeVerdict.Accepted && _parent?.Id != from.Id)
            {
                _port.Send(now, from.Id, new TreeNotice(TreeNews.Detached, 0, 0, 0, _self, null)); // Too late: we are somebody else's, or ask somebody else.
            }

            return;
        }

        switch (answer.Verdict)
        {
            case TreeVerdict.Accepted when answer.Clock > _clock:
                Adopt(now, from, answer, seek);
                break;
            case TreeVerdict.NotYet when now - seek.AttachingSince < seek.Patience:
                seek.Due = now + NotYetPause;
                break;
            default:
                SeekFailed(now);
                break;
        }
    }

    private void StartAsking(Instant now, TreeReason reason, TreeSearch search, TreeErrand? errand = null)
    {
        _seek = new TreeSeek(reason, _random.Next() | 1) { Step = SeekStep.Asking, Search = search, Errand = errand };
        Ask(now, _seek);
    }

    private void Ask(Instant now, TreeSeek seek)
    {
        seek.Step = SeekStep.Asking;
        seek.Due = now + _options.QueryTimeout;
        var question = new TreeJoin(seek.Nonce, seek.Search, _self, null) { Certificate = _port.Self.Certificate };
        if (seek.Errand is { Task: TreeTask.Lift } lift)
        {
            _port.Send(now, lift.From.Id, question);
        }
        else if (IsOrphan && TryFindOutside(Round + seek.Tries, out var outside))
        {
            _port.Send(now, outside, question); // Its own tables lead nowhere but into its subtree.
        }
        else
        {
            _port.SendToResponsible(now, _self, question);
        }
    }

    /// <summary>Looks for a parent that is known by its descriptor.</summary>
    private void SeekNode(Instant now, TreeSeek seek, in Descriptor wanted)
    {
        _seek = seek;
        seek.Wanted = wanted;
        if (wanted.Id == _self || (FindChild(wanted.Id) is not null && seek.Reason != TreeReason.RootLost)) // A stand-in may be a child of its voter.
        {
            SeekFailed(now);
        }
        else if (_port.TryResolve(wanted, out var target))
        {
            seek.Target = target;
            LinkToTarget(now, seek);
        }
        else
        {
            seek.Step = SeekStep.Resolving;
            seek.Due = now + (IsOrphan ? _options.QueryTimeout / 2 : _options.QueryTimeout);
            _port.FetchCertificates(now, seek.Source, [wanted]);
        }
    }

    private void ResumeResolving(Instant now)
    {
        if (_seek is { Step: SeekStep.Resolving, Wanted: { } wanted } seek && _port.TryResolve(wanted, out var target))
        {
            seek.Target = target;
            LinkToTarget(now, seek);
        }
    }

    private void LinkToTarget(Instant now, TreeSeek seek)
    {
        seek.Step = SeekStep.Linking;
        seek.Due = now + _options.LinkSetUpTimeout;
        _port.WantLinkVia(now, seek.Target, LinkPurpose.Ring, seek.Via);
        if (_port.IsLinked(seek.Target.Id))
        {
            BeginAttach(now, seek);
        }
    }

    private void BeginAttach(Instant now, TreeSeek seek)
    {
        (seek.Step, seek.AttachingSince, seek.Tries) = (SeekStep.Attaching, now, 0);
        SendAttach(now, seek);
    }

    private void SendAttach(Instant now, TreeSeek seek)
    {
        seek.Due = now + (_options.QueryTimeout / 2);
        _port.Send(now, seek.Target.Id, new TreeAttach(seek.Nonce, seek.Reason, _clock, _table.Count + 1, seek.Former, seek.Grandparent) { Slot = WantedSlot, Vote = seek.Vote });
    }

    /// <summary>The step itself: from here on <paramref name="from"/> is the parent.</summary>
    private void Adopt(Instant now, in Contact from, TreeAttached answer, TreeSeek seek)
    {
        Invariant.Check(answer.Clock > _clock, "a parent's clock is later than its child's");
        var (before, wasRoot) = (_parent, IsRoot);
        NoteParent(now, answer.Slot, seek.Reason);
        (_parent, Slot) = (from, answer.Slot);
        (IsRoot, _standInPlaces) = (false, null); // Of two roots the later one stays: this one joins its tree with all that is below it.
        (_parentHeardAt, _parentUnlinkedAt, _isRootGone) = (now, Moment.Never, false);
        EndSeek(now, keepLink: true);
        if (FindChild(from.Id) is { } child)
        {
            RemoveChild(now, child, NeighbourEnd.Dropped);
        }

        if (before is { } old && old.Id != from.Id)
        {
            Tell(Observation.ParentClosed, old.Id);
            _port.Send(now, old.Id, new TreeNotice(TreeNews.Detached, 0, 0, 0, _self, null));
            ReleaseLink(now, old.Id);
        }

        LeaveFormer(now);
        if (wasRoot)
        {
            Tell(Observation.SteppedDown, _self);
        }

        if (before?.Id != from.Id)
        {
            Tell(Observation.ParentConnected, from.Id);
        }

        if (Phase is NodePhase.Joining or NodePhase.Rejoin)
        {
            BecomePhase(NodePhase.Member);
            StartBeating(now);
        }

        SendWholeTable(now);
        if (seek.Errand is { Task: TreeTask.TakePlace } errand)
        {
            _port.Send(now, errand.From.Id, new TreeNotice(TreeNews.PlaceTaken, errand.Nonce, 0, 0, errand.Subject, _port.Self.Descriptor));
        }

        Changed();
    }

    private void StartBeating(Instant now)
    {
        _tickDue = now + _random.Between(TimeSpan.Zero, Beat);
        _farDue = now + _random.Between(Beat, FarPeriod / 4);
        _digestDue = now + _random.Between(DigestPeriod / 2, DigestPeriod);
    }

    private void SeekDue(Instant now, TreeSeek seek)
    {
        seek.Due = Moment.Never;
        seek.Tries++;
        switch (seek.Step)
        {
            case SeekStep.Paused when IsOrphan:
                NextRefuge(now);
                break;
            case SeekStep.Paused:
                seek.Nonce = _random.Next() | 1;
                seek.Tries = 0;
                Ask(now, seek);
                break;
            case SeekStep.Asking when seek.Tries < (IsOrphan ? MaxOrphanAsks : MaxAsks):
                Ask(now, seek);
                break;
            case SeekStep.Resolving when !IsOrphan && seek is { Tries: < MaxFetches, Wanted: { } wanted }:
                SeekNode(now, seek, wanted);
                break;
            case SeekStep.Attaching when now - seek.AttachingSince < seek.Patience:
                SendAttach(now, seek);
                break;
            default:
                SeekFailed(now);
                break;
        }
    }

    /// <summary>This attempt is over. Who has a parent stays where it is; everybody else makes another.</summary>
    private void SeekFailed(Instant now)
    {
        var failed = _seek!;
        EndSeek(now, keepLink: false);
        if (failed.Errand is { Task: TreeTask.TakePlace } errand)
        {
            _port.Send(now, errand.From.Id, new TreeNotice(TreeNews.PlaceTaken, errand.Nonce, 0, 0, errand.Subject, null));
        }

        if (IsOrphan)
        {
            var pause = failed.Step == SeekStep.Asking ? NotYetPause / 4 : NotYetPause;
            _seek = new TreeSeek(TreeReason.Foster, 0) { Step = SeekStep.Paused, Due = now + _random.Between(pause / 2, pause) };
        }
        else if (Phase is NodePhase.Joining or NodePhase.Rejoin)
        {
            _seek = new TreeSeek(TreeReason.Join, 0)
            {
                Step = SeekStep.Paused,
                Search = WasRefused(failed) ? TreeSearch.Highest : TreeSearch.Delegated,
                Due = now + failed.Pause + _random.Between(TimeSpan.Zero, failed.Pause),
                Pause = failed.Pause * 2 < LongestPause ? failed.Pause * 2 : LongestPause,
            };
        }
    }

    /// <summary>Whether a place was promised and not to be had: the hash would lead to it again, another way leads elsewhere.</summary>
    private static bool WasRefused(TreeSeek failed) => failed is { Search: TreeSearch.Delegated, Step: SeekStep.Linking or SeekStep.Attaching };

    private void EndSeek(Instant now, bool keepLink)
    {
        if (_seek is not { } seek)
        {
            return;
        }

        _seek = null;
        if (!keepLink && !seek.Target.IsNobody)
        {
            ReleaseLink(now, seek.Target.Id);
        }
    }

    private void SeekLinkUp(Instant now, in Contact peer)
    {
        if (_seek is { Step: SeekStep.Linking } seek && seek.Target.Id == peer.Id)
        {
            BeginAttach(now, seek);
        }
    }

    private void SeekLinkDown(Instant now, RingId peer)
    {
        if (_seek is { Step: SeekStep.Attaching } seek && seek.Target.Id == peer)
        {
            LinkToTarget(now, seek);
        }
    }

    private void SeekLinkFailed(Instant now, RingId peer)
    {
        if (_seek is { Step: SeekStep.Linking } seek && seek.Target.Id == peer)
        {
            SeekFailed(now);
        }
    }

    private void SeekPeerDied(Instant now, RingId peer)
    {
        if (_seek is { Step: SeekStep.Linking or SeekStep.Attaching } seek && seek.Target.Id == peer)
        {
            SeekFailed(now);
        }
    }

    /// <summary>The link to a node is not wanted any more, unless the tree has another use for it.</summary>
    private void ReleaseLink(Instant now, RingId peer)
    {
        if (_parent?.Id != peer && FindChild(peer) is null && _seek?.Target.Id != peer)
        {
            _port.UnwantLink(now, peer, LinkPurpose.Ring);
        }
    }
}
