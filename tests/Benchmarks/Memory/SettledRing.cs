using Overlay.Chord;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Signalling;
using Overlay.Simulator.Ports;
using Overlay.Time;

namespace Overlay.Benchmarks.Memory;

/// <summary>Nodes of a perfect ring with random positions, each with the links that its neighbours and fingers need.</summary>
internal sealed class SettledRing
{
    private const long UnixOrigin = 1_767_225_600_000;
    private const ulong World = 7;

    private readonly byte[] _hubKey = new KeyedSigning(World, 0).PublicKey.ToArray();
    private readonly HubSlots _hubSlots;
    private readonly CertificatePool _pool;
    private readonly (Contact Contact, ulong Index)[] _members;
    private readonly OverlayOptions _options = OverlayOptions.Default;
    private Dictionary<int, IdealLink>[] _links = [];

    public SettledRing(int count)
    {
        var hub = new KeyedSigning(World, 0);
        var prng = new Prng(World);
        var nonce = new byte[NodeCertificate.NonceBytes];
        const long From = UnixOrigin / 1000;
        _hubSlots = new HubSlots(_hubKey, hubCount: 1);
        _pool = new CertificatePool(_hubKey, Math.Max(1024, count * 2));
        _members = new (Contact, ulong)[count];
        for (var i = 0; i < count; i++)
        {
            new SeededSecrets(prng.Next()).Fill(nonce);
            var index = (ulong)i + 1;
            var certificate = NodeCertificate.Issue(hub, new KeyedSigning(World, index).PublicKey, nonce, From, From + (14 * 24 * 3600));
            _members[i] = (new(certificate.Id, UnixOrigin, certificate), index);
            _pool.Vouch(_members[i].Contact);
        }

        Array.Sort(_members, (left, right) => left.Contact.Id.Value.CompareTo(right.Contact.Id.Value));
        Nodes = new OverlayNode[count];
    }

    /// <summary>The beginning of virtual time.</summary>
    public static Instant Start => new(0, UnixOrigin);

    /// <summary>The nodes, in the order of their positions.</summary>
    public OverlayNode[] Nodes { get; }

    /// <summary>Whom a position belongs to.</summary>
    public int RankOf(RingId id) => LowestFrom(id) is var rank && _members[rank].Contact.Id == id ? rank : -1;

    /// <summary>The member of a rank.</summary>
    public Contact MemberOf(int rank) => _members[rank].Contact;

    /// <summary>What all nodes share and no node is charged for.</summary>
    public IEnumerable<object> Shared => [_members, _options, _hubKey, _hubSlots, _pool];

    /// <summary>Computes who is linked with whom, to be forgotten by <see cref="ForgetPlan"/>.</summary>
    public void Plan()
    {
        _links = new Dictionary<int, IdealLink>[_members.Length];
        for (var rank = 0; rank < _members.Length; rank++)
        {
            _links[rank] = [];
        }

        for (var rank = 0; rank < _members.Length; rank++)
        {
            Want(rank, After(rank, 1), LinkPurpose.Ring);
            Want(rank, After(rank, 2), LinkPurpose.Ring);
        }

        for (var rank = 0; rank < _members.Length; rank++)
        {
            var fingers = FingersOf(rank).DistinctBy(finger => finger.Finger.Id).Take(_options.MaxFingers);
            foreach (var finger in fingers)
            {
                Want(rank, RankOf(finger.Finger.Id), LinkPurpose.Finger);
            }
        }
    }

    /// <summary>Makes all nodes.</summary>
    public void Make(Outbox outbox, Action<int> afterEach)
    {
        for (var rank = 0; rank < _members.Length; rank++)
        {
            var (self, index) = _members[rank];
            var successors = new Contact[_options.SuccessorListLength];
            for (var step = 0; step < successors.Length; step++)
            {
                successors[step] = _members[After(rank, step + 1)].Contact;
            }

            var place = new IdealPlace
            {
                Self = self,
                HubKey = _hubKey,
                HubSlots = _hubSlots,
                Predecessor = _members[After(rank, -1)].Contact,
                BeforePredecessor = _members[After(rank, -2)].Contact.Id,
                Successors = successors,
                Fingers = FingersOf(rank).ToArray(),
                Links = _links[rank].Values.ToArray(),
            };
            var ports = new NodePorts(new KeyedSigning(World, index), null, new SeededSecrets(index)) { Certificates = _pool };
            Nodes[rank] = OverlayNode.FromIdeal(_options, ports, new NodeStart(index, UnixOrigin, 1, null, "", IsGuest: false), Start, place, outbox);
            afterEach(rank);
        }
    }

    /// <summary>Forgets what was only needed to make nodes.</summary>
    public void ForgetPlan() => _links = [];

    private int After(int rank, int steps) => (rank + steps + _members.Length) % _members.Length;

    private List<IdealFinger> FingersOf(int rank)
    {
        var fingers = new List<IdealFinger>();
        var self = _members[rank].Contact.Id;
        for (var row = FingerTable.Rows - 1; row >= 0; row--)
        {
            var owner = LowestFrom(self.FingerStart(row));
            if (owner == After(rank, 1))
            {
                break;
            }

            if (owner != rank)
            {
                fingers.Add(new(row, _members[owner].Contact));
            }
        }

        return fingers;
    }

    private int LowestFrom(RingId key)
    {
        var (low, high) = (0, _members.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _members[middle].Contact.Id.Value < key.Value ? (middle + 1, high) : (low, middle);
        }

        return low % _members.Length;
    }

    private void Want(int rank, int peer, LinkPurpose purpose)
    {
        var isKnown = _links[rank].TryGetValue(peer, out var near);
        var far = isKnown ? _links[peer][rank] : new(_members[rank].Contact, LinkPurpose.None, LinkPurpose.None, IsIncoming: true);
        if (!isKnown)
        {
            if (_links[rank].Count == _options.MaxLinks || _links[peer].Count == _options.MaxLinks)
            {
                return;
            }

            near = new(_members[peer].Contact, LinkPurpose.None, LinkPurpose.None, IsIncoming: false);
        }

        _links[rank][peer] = near with { Purpose = near.Purpose | purpose };
        _links[peer][rank] = far with { PeerPurpose = far.PeerPurpose | purpose };
    }
}
