using Overlay.Chord;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Ring;

namespace Overlay.Simulator.Worlds;

// The beginning as a perfect ring.
public sealed partial class World
{
    /// <summary>Starts the first <paramref name="count"/> nodes as members of one perfect ring, all links made.</summary>
    /// <param name="count">At least two more than the successor list is long.</param>
    /// <param name="progress">Told now and then how many stand: a million take a minute.</param>
    /// <param name="cancellation">Ends the building; the world is of no use then.</param>
    /// <exception cref="OperationCanceledException">The building was ended.</exception>
    public void StartIdeal(int count, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Capacity);
        _hub = NewHub(new Admission.HubState(IsFounded: true, []));
        var contacts = IssueAll(count, cancellation);
        var numbers = new int[count];
        _directory.CopyInOrder(numbers);
        var ids = new RingId[count];
        for (var rank = 0; rank < count; rank++)
        {
            ids[rank] = contacts[numbers[rank]].Id;
        }

        Numbers = count;
        if (_options.Overlay.Topology == Topology.Tree)
        {
            StartIdealTree(contacts, progress);
            return;
        }

        var ring = new IdealRing(ids, _options.Overlay);
        var scratch = new PlaceScratch(_options.Overlay);
        for (var rank = 0; rank < count; rank++)
        {
            StartIdeal(ring, rank, numbers, contacts, scratch);
            if ((rank & 0x3ff) == 0)
            {
                progress?.Invoke(rank);
                cancellation.ThrowIfCancellationRequested();
            }
        }

        for (var number = 0; number < Math.Min(count, _endpoints.Length); number++)
        {
            OpenEndpoint(number);
        }
    }

    private Contact[] IssueAll(int count, CancellationToken cancellation)
    {
        var contacts = new Contact[count];
        for (var number = 0; number < count; number++)
        {
            var certificate = _identities.Issue(_identities.Renew(number));
            if (_directory.Find(certificate.Id) >= 0)
            {
                certificate = _identities.Issue(_identities.Renew(number)); // Two keys drew one place, once in 2^28 draws: another key.
            }

            contacts[number] = new(certificate.Id, UnixOrigin, certificate);
            _identities.Pool.Vouch(contacts[number]);
            _directory.Set(certificate.Id, number);
            if ((number & 0x3ff) == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }
        }

        return contacts;
    }

    private void StartIdeal(IdealRing ring, int rank, int[] numbers, Contact[] contacts, PlaceScratch scratch)
    {
        Contact Of(int other) => contacts[numbers[other]];

        Span<int> rows = stackalloc int[FingerTable.Rows];
        var (successors, fingers) = (scratch.Successors, scratch.Fingers);
        ring.CopyFingers(rank, rows);
        fingers.Clear();
        for (var step = 0; step < successors.Length; step++)
        {
            successors[step] = Of(ring.After(rank, step + 1));
        }

        for (var row = FingerTable.Rows - 1; row >= 0; row--)
        {
            if (rows[row] >= 0)
            {
                var owner = ring.OwnerOf(contacts[numbers[rank]].Id.FingerStart(row));
                fingers.Add(new(row, Of(rows[row]), owner == rows[row] ? null : Of(owner).Id));
            }
        }

        var links = scratch.Links.AsSpan(0, ring.CopyLinks(rank, scratch.Ranked));
        for (var at = 0; at < links.Length; at++)
        {
            ref readonly var ranked = ref scratch.Ranked[at];
            links[at] = new(Of(ranked.Peer), ranked.Purpose, ranked.PeerPurpose, ranked.IsIncoming);
        }

        var number = numbers[rank];
        var identity = _identities.Of(number);
        var place = new IdealPlace
        {
            Self = contacts[number],
            HubKey = _identities.HubKey,
            HubSlots = _identities.HubSlots,
            Predecessor = Of(ring.After(rank, -1)),
            BeforePredecessor = Of(ring.After(rank, -2)).Id,
            Successors = successors,
            Fingers = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(fingers),
            Links = links,
        };
        BecomeAlive(number);
        _nodes[number] = OverlayNode.FromIdeal(_options.Overlay, identity.Ports, StartOf(number, identity), Now, place, _outbox);
        AfterStep(number);
    }

    /// <summary>What one place is described in, used for all of them.</summary>
    private sealed class PlaceScratch(OverlayOptions options)
    {
        public Contact[] Successors { get; } = new Contact[options.SuccessorListLength];

        public List<IdealFinger> Fingers { get; } = new(FingerTable.Rows);

        public RankLink[] Ranked { get; } = new RankLink[options.MaxLinks];

        public IdealLink[] Links { get; } = new IdealLink[options.MaxLinks];
    }
}
