using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Chord;

// How a newcomer enters a network that is still founding (j is this node):
//   j → FindOwner(j) → … → a;  a → Owner(founding set) → … → j
//   j opens links to all living members that it knows; each sends it FoundingState, so it hears of others that come meanwhile
//   linked to all: j adds itself and tells all
public sealed partial class ChordRing
{
    private void BeginMesh(Instant now, in Contact owner, Owner answer)
    {
        if (!TryResolve(now, owner.Id, answer.Founding, FoundingState.MaxEntries))
        {
            if (_heldOwner is null)
            {
                _joinStep = JoinStep.Resolving;
                _heldOwner = (owner, answer);
                _joinDue = now + _options.QueryTimeout;
            }
            else
            {
                JoinAgain(now);
            }

            return;
        }

        _founding.Clear();
        foreach (var member in _resolved)
        {
            if (member.Id != _self)
            {
                _founding.MergeAlive(member);
            }
        }

        _heldOwner = null;
        _joinStep = JoinStep.Meshing;
        _joinDue = now + _options.LinkSetUpTimeout + _options.QueryTimeout;
        CompleteMesh(now);
    }

    private void NewcomerHears(Instant now, in Contact from, FoundingState state)
    {
        if (state.Phase == NodePhase.Member)
        {
            PauseJoin(now, TimeSpan.Zero); // It runs Chord by now: join the ring.
            return;
        }

        Epoch = Math.Max(Epoch, state.Epoch);
        Merge(now, from, state, out var unknown);
        Hold(from, state, unknown);
        if (_founding.MarkOf(_self, _port.Self.Instance) is FoundingMark.Evicted or FoundingMark.Left)
        {
            _port.RenewInstance(now);
        }

        CompleteMesh(now);
    }

    private void CompleteMesh(Instant now)
    {
        Span<Contact> room = new Contact[FoundingState.MaxEntries];
        var living = room[.._founding.CopyClockwise(_self, room)];
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

        EndJoin();
        BecomeFounding(now, Math.Max(Epoch, 1));
        WishForJoinLinks(now, []);
    }
}
