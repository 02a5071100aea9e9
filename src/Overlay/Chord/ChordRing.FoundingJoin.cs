using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// How a newcomer enters a network that is still founding (j is this node):
//   j → FindOwner(j) → … → a;  a → Owner(founding set) → … → j
//   j opens links to all living members that it knows; each sends it FoundingState, so it hears of others that come meanwhile
//   linked to all: j adds itself and proposes that to all; the first member (the one with the lowest id) takes it up if j knows all living members, tells
//   everybody, and j is one of them. If not, it answers with what j does not know yet.
// One member decides, so newcomers enter one after the other, each linked to all before it: the mesh has no holes that signals could not cross. Before it is named
// j owns nothing and is nobody: should the first member die, j proposes again to the next.
public sealed partial class ChordRing
{
    private void BeginMesh(Instant now, in Contact owner, Owner answer, bool lastChance)
    {
        if (!TryResolve(now, owner.Id, answer.Founding, FoundingState.MaxEntries))
        {
            HoldOwner(now, owner, answer, lastChance);
            return;
        }

        Founding.Clear();
        foreach (var member in _resolved)
        {
            if (member.Id != _self)
            {
                Founding.MergeAlive(member);
            }
        }

        _resolved.Clear();
        Join.HeldOwner = null;
        Join.Step = JoinStep.Meshing;
        Join.MeshDue = now + _options.LinkSetUpTimeout + _options.QueryTimeout;
        (_joinDue, Join.ProposedVersion) = (Join.MeshDue, -1);
        CompleteMesh(now);
    }

    private void AdvanceMesh(Instant now)
    {
        if (now >= Join.MeshDue)
        {
            JoinAgain(now);
            return;
        }

        _joinDue = Join.MeshDue;
        CompleteMesh(now);
    }

    private void NewcomerHears(Instant now, in Contact from, FoundingState state)
    {
        if (state.Phase == NodePhase.Rejoin)
        {
            return; // Its network dissolved; this node has left it before.
        }

        var isCountedIn = Names(state, _port.Self.Descriptor, FoundingMark.Alive);
        if (state.Phase == NodePhase.Member)
        {
            if (isCountedIn && state.Epoch >= Epoch)
            {
                Follow(now, from, state);
            }
            else if (Join.Step == JoinStep.Meshing)
            {
                PauseJoin(now, TimeSpan.Zero); // It runs Chord by now: join the ring.
            }

            return;
        }

        if (Join.FellOutOf is { } ring && state.Epoch <= ring.Epoch)
        {
            // It was left behind too: two of a kind must not found anew what the others have finished.
            if (ring.Entries.Count > 0)
            {
                _port.Send(now, from.Id, ring);
            }

            return;
        }

        if (!isCountedIn && Join.Step != JoinStep.Meshing)
        {
            return; // News of a network that this node does not try to enter now.
        }

        Epoch = Math.Max(Epoch, state.Epoch);
        Merge(now, from, state, out var unknown);
        Hold(from, state, unknown);
        if (isCountedIn)
        {
            EndJoin();
            Report(from.Id, state);
            BecomeFounding(now, Epoch);
            WishForJoinLinks(now, []);
            return;
        }

        if (Founding.MarkOf(_self, _port.Self.Instance) is FoundingMark.Evicted or FoundingMark.Left)
        {
            _port.RenewInstance(now);
        }

        CompleteMesh(now);
    }

    private void CompleteMesh(Instant now)
    {
        Span<Contact> room = new Contact[FoundingState.MaxEntries];
        var living = room[..Founding.CopyClockwise(_self, room)];
        WishForJoinLinks(now, living);
        if (living.Length == 0)
        {
            JoinAgain(now);
            return;
        }

        if (living.Length > _options.SuccessorListLength)
        {
            return; // The (r + 1)th is in already: they are about to run Chord, and say so.
        }

        foreach (ref readonly var member in living)
        {
            if (!_port.IsLinked(member.Id))
            {
                return;
            }
        }

        if (Join.ProposedVersion != Founding.Version || now >= Join.ProposeAgainAt)
        {
            Propose(now, living);
        }

        _joinDue = Instant.Min(_joinDue, Join.ProposeAgainAt);
    }

    private void Propose(Instant now, ReadOnlySpan<Contact> living)
    {
        Founding.MergeAlive(_port.Self);
        Join.ProposedVersion = Founding.Version;
        Join.ProposeAgainAt = now + _options.ProbePeriod;
        var proposal = new FoundingState(Math.Max(Epoch, 1), NodePhase.Joining, Founding.Hash, Founding.ToEntries());
        foreach (ref readonly var member in living)
        {
            _port.Send(now, member.Id, proposal);
        }
    }

    /// <summary>A newcomer proposes itself. Decides, where this is the first member; otherwise the first member is asked as well.</summary>
    private void ConsiderProposal(Instant now, in Contact newcomer, FoundingState proposal)
    {
        if (Founding.IsAlive(newcomer.Id, newcomer.Instance))
        {
            SendFoundingState(now, newcomer.Id); // It was let in already and has not heard of it, or it fell out alone: no one has to decide.
            return;
        }

        var living = Founding.ToLiving();
        foreach (var member in living)
        {
            if (member.Id.Value < _self.Value)
            {
                return;
            }
        }

        var isKnownToAll = living.Length <= _options.SuccessorListLength;
        foreach (var member in living)
        {
            isKnownToAll &= Names(proposal, member, FoundingMark.Alive);
        }

        if (isKnownToAll && Names(proposal, newcomer.Descriptor, FoundingMark.Alive) && Founding.MergeAlive(newcomer))
        {
            FoundingChanged(now);
        }
        else
        {
            SendFoundingState(now, newcomer.Id);
        }
    }
}
