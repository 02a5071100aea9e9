using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// How a newcomer enters a network that is still founding (j is this node):
//   j → FindOwner(j) → … → a;  a → Owner(founding set) → … → j
//   j opens links to all living members that it knows; each sends it FoundingState, so it hears of others that come meanwhile
//   linked to all: j adds itself and tells all; a member's answer that names j makes it one of them
// Before that answer j owns nothing and is nobody: should the only member that heard of it die, it joins again instead of founding a network of its own.
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
        _joinDue = now + _options.LinkSetUpTimeout + _options.QueryTimeout;
        CompleteMesh(now);
    }

    private void NewcomerHears(Instant now, in Contact from, FoundingState state)
    {
        var isCountedIn = Names(state, _port.Self, FoundingMark.Alive);
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

        // Proposed to all; an answer that does not come is looked for by the next attempt.
        _joinDue = Instant.Min(_joinDue, now + _options.QueryTimeout);
        Founding.MergeAlive(_port.Self);
        var proposal = new FoundingState(Math.Max(Epoch, 1), NodePhase.Founding, Founding.Hash, Founding.ToEntries());
        foreach (ref readonly var member in living)
        {
            _port.Send(now, member.Id, proposal);
        }
    }
}
