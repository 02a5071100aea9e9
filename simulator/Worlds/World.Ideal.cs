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
    public void StartIdeal(int count, Action<int>? progress = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Capacity);
        _hub = NewHub(new Admission.HubState(IsFounded: true, []));
        var contacts = IssueAll(count);
        var numbers = new int[count];
        _directory.CopyInOrder(numbers);
        var ids = new RingId[count];
        for (var rank = 0; rank < count; rank++)
        {
            ids[rank] = contacts[numbers[rank]].Id;
        }

        Numbers = count;
        var ring = new IdealRing(ids, _options.Overlay);
        for (var rank = 0; rank < count; rank++)
        {
            StartIdeal(ring, rank, numbers, contacts);
            if ((rank & 0x3ff) == 0)
            {
                progress?.Invoke(rank);
            }
        }
    }

    private Contact[] IssueAll(int count)
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
        }

        return contacts;
    }

    private void StartIdeal(IdealRing ring, int rank, int[] numbers, Contact[] contacts)
    {
        Contact Of(int other) => contacts[numbers[other]];

        Span<int> rows = stackalloc int[FingerTable.Rows];
        var ranked = new RankLink[_options.Overlay.MaxLinks];
        ring.CopyFingers(rank, rows);
        var successors = new Contact[_options.Overlay.SuccessorListLength];
        for (var step = 0; step < successors.Length; step++)
        {
            successors[step] = Of(ring.After(rank, step + 1));
        }

        var fingers = new List<IdealFinger>(FingerTable.Rows);
        for (var row = FingerTable.Rows - 1; row >= 0; row--)
        {
            if (rows[row] >= 0)
            {
                fingers.Add(new(row, Of(rows[row])));
            }
        }

        var links = new IdealLink[ring.CopyLinks(rank, ranked)];
        for (var at = 0; at < links.Length; at++)
        {
            links[at] = new(Of(ranked[at].Peer), ranked[at].Purpose, ranked[at].PeerPurpose, ranked[at].IsIncoming);
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
        _nodes[number] = OverlayNode.FromIdeal(_options.Overlay, identity.Ports, identity.StartAt(Now), Now, place, _outbox);
        AfterStep(number);
    }
}
