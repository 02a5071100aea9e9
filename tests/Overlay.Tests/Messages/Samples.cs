using System.Collections;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Tests.Messages;

/// <summary>Payloads of every kind, plain ones and ones at their edges.</summary>
internal static class Samples
{
    private static readonly World World = new();
    private static readonly NodeCertificate Alice = World.Certificate(1);
    private static readonly Descriptor[] Three = [World.Descriptor(1), World.Descriptor(2, long.MaxValue), World.Descriptor(3, 0)];
    private static readonly byte[] Key = Bytes(64);
    private static readonly byte[] Signature = Bytes(64);
    private static readonly Delegation Right = Delegation.Issue(World.Signing(0), Key, 1, 2, 3, 4);
    private static readonly NodeCertificate Introduced = NodeCertificate.IssueDelegated(World.Signing(7), Right, 2, Key, Bytes(16), 1, 2);

    private static readonly RootAppointment Appointment = RootAppointment.Issue(World.Hub, World.Contact(1).Id, uint.MaxValue);
    private static readonly RootWarrant Warrant = new(Appointment, [new(Alice, 8, 2, World.Contact(2).Id, [RingId.From(5), RingId.From(6)], Signature, [new(Introduced, Signature)])]);

    public static readonly TraceContext Trace = new(0x0102030405060708, 0x090A0B0C0D0E0F10, 0x1112131415161718, 1);

    public static readonly NameRecord Record = NameRecordSecurity.Sign(World.Signing(1), "alice", Alice, 7, 3, 1_767_225_690_000);

    public static readonly NameRecord OfPage = NameRecordSecurity.Sign(World.Signing(1), "page", Alice, 7, 3, 0, RingId.From(0xff0201020304));

    public static readonly NameEntry Entry = new(Record, NameTenancySecurity.Sign(World.Signing(2), Record, World.Certificate(2), 3, 1_767_225_000_000, 1_767_225_600_000));

    public static readonly LinkDescription Description = new(
        Bytes(32), "ufrg", "a-password-of-22-chars", ["candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host", "candidate:2 1 udp 1 2001:db8::1 9 typ host"], Bytes(20));

    public static IReadOnlyList<Payload> All { get; } =
    [
        new HubHello(1, Key, 2, Bytes(32), true),
        new HubHello(1, Key, 0, Bytes(32), true) { Delegation = Right },
        new Admit(Key, 5, true, "token", Signature),
        new Admit(Key, 5, false, "", Signature) { Certificate = Introduced },
        new Admitted(Alice, AdmitMode.Introduce, 0, Three[1], [new("turn:192.0.2.1:3478", "user", "secret"), new("stun:192.0.2.1:3478", "", "")]),
        new Admit(Key, 5, false, "", Signature) { RootProof = Bytes(32) },
        new Admit(Key, 5, false, "", Signature) { Certificate = Introduced, RootProof = Bytes(32) },
        new Admitted(Alice, AdmitMode.Found, 0, null, []) { Appointment = Appointment },
        new Admitted(Alice, AdmitMode.Found, 0, null, []) { Seeds = ["ws://192.0.2.1:5001/"], Appointment = Appointment },
        new Admitted(Alice, AdmitMode.Retry, 1500, null, []),
        new Admitted(Introduced, AdmitMode.Introduce, 0, Three[1], []) { Seeds = ["ws://192.0.2.1:5001/", "wss://hub.example/"] },
        new AskDelegation(Alice, 5, "token", "ws://192.0.2.1:5001/", Signature),
        new Delegated(Right, []),
        new Delegated(Right, ["ws://192.0.2.1:5001/"]),
        new KnownHubs([HubPlace.Issue(World.Signing(6), World.Signing(6).PublicKey, 0, "ws://192.0.2.1:5000/", 5), HubPlace.Issue(World.Signing(7), World.Signing(6).PublicKey, 255, "wss://hub.example/", 5, Right)]),
        new KnownHubs([]),
        new AdmitRefused(AdmitRefusal.TokenNeeded, "the hub wants a token: ключ"),
        new Attach(Alice, 5, [0, 7], Signature),
        new Attached([], []),
        new Attached([0, 1, 2, 3, 4, 5, 6, 7], [new("stun:192.0.2.1", "", "")]),
        new Proof(1, Alice, 5, Signature),
        new LinkStatus(NodePhase.Member, LinkPurpose.Ring | LinkPurpose.Finger),
        new FindOwner(ulong.MaxValue, LookupPurpose.Finger),
        new Owner(1, NodePhase.Founding, Three[0], null, [], Three, 1500),
        new FindOwner(1, LookupPurpose.Application) { Certificate = Alice },
        new Owner(1, NodePhase.Member, Three[0], Three[2], Three, [], 0) { Hops = 9, Certificate = Alice },
        new GetNeighbours(127),
        new GetNeighbours(128) { Expected = uint.MaxValue },
        new SameNeighbours(128, 2, Three[1].Id),
        new SameNeighbours(1, 0, null),
        new Data(Bytes(5), default) { Certificate = Alice },
        new Neighbours(0, NodePhase.Member, 2, Three[0], Three[1], Three, Three[1].Id),
        new Neighbours(128, NodePhase.Rejoin, 0, Three[0], null, [], null),
        new Notify(Three[0], null),
        new Notify(Three[0], RingId.From(12)),
        new Leaving(Three[0], Three),
        new Grant(-1, RingId.From(1), RingId.From(2), true, [Entry, Entry]),
        new Granted(long.MinValue),
        new FoundingState(3, NodePhase.Founding, 0xFEDCBA9876543210, [new(Three[0], FoundingMark.Alive), new(Three[1], FoundingMark.Evicted)]),
        new OtherGateway(Alice, 5),
        new NetworkEnded(),
        new GuestSignal(RingId.From(0xff0201020304), ulong.MaxValue, Alice, "{}"u8.ToArray()),
        new GuestSignal(RingId.From(1), 0, null, new byte[GuestSignal.MaxJsonBytes]),
        new GuestAnswer(1, GuestOutcome.Full, Introduced),
        new GuestAnswer(2, GuestOutcome.Gone, null),
        new MergeLookup(Alice, 5, RingId.From(9), 2, 64, false),
        new MergeLookup(Alice, long.MaxValue, null, 0, 0, true),
        new TryMerge(Alice, 5, World.Certificate(2), 6),
        new Ping(65_536),
        new Ping(1, RingId.From(7)),
        new Pong(4_294_967_296, NodePhase.Member),
        new ProbeFor(3, RingId.From(0xFFFFFFFFFFFF)),
        new GetCertificates(1, [Alice.Hash]),
        new Certificates(1, [Alice, World.Certificate(2)]),
        new Renew(Alice),
        new Renewed(Alice),
        new Offer(UInt128.MaxValue, LinkPurpose.Ring | LinkPurpose.Join, Description, Alice),
        new Answer(1, 2, Description with { Candidates = [], SctpInit = [] }, Alice),
        new Candidates(1, ["candidate:3 1 udp 7 192.0.2.7 50007 typ host"]),
        new Refuse(1, LinkFailure.Full, Three),
        new ConnectionOffer(UInt128.MaxValue, 255, Description, Alice),
        new ConnectionAnswer(1, 0, Description with { Candidates = [], SctpInit = [] }, Alice),
        new ConnectionCandidates(1, ["candidate:3 1 udp 7 192.0.2.7 50007 typ host"]),
        new ConnectionRefuse(1, LinkFailure.Full),
        new Data(Bytes(300), Trace),
        new Data(ReadOnlyMemory<byte>.Empty, default),
        new Receipt(9, 3, [RingId.From(1), RingId.From(2), RingId.From(3)]),
        new Unreachable(9, DropReason.GuestGone),
        new PutRecord(1, Record),
        new PutRecord(1, OfPage),
        new RecordStored(1, Outcome.NameTaken, null),
        new RecordStored(1, Outcome.Refused, null) { Certificate = Introduced },
        new RecordStored(1, Outcome.Done, Entry.Tenancy),
        new GetRecord(1, "alice"),
        new RecordAnswer(1, Entry),
        new RecordAnswer(1, null),
        new RecordAnswer(1, null) { Certificate = Alice },
        new Replicate(0, []),
        new Replicate(ulong.MaxValue, [Entry, Entry]),
        new Replicate(1, [Entry]) { Certificate = Introduced },
        new Replicated(65_536, Outcome.Refused),
        new NameDigest(int.MaxValue, ulong.MaxValue),
        new GetNameList(ulong.MaxValue),
        new NameList(0, true, [new(1, 2), new(ulong.MaxValue, 0)]),
        new NameList(5, false, []),
        new GetRecords([0, ulong.MaxValue]),
        new WatchName(1, "alice", true),
        new Watching(1, Outcome.Refused, null),
        new Watching(1, Outcome.Done, Entry),
        new NameChanged("alice"),
        BroadcastSecurity.Sign(World.Signing(1), Alice, 7, 3, 1_767_225_690_000, Bytes(300)),
        new BroadcastData(Alice, long.MaxValue, ulong.MaxValue, 0, default, 255, Three[1].Id, default),
        new BroadcastDone(new(Three[0].Id, 7, 3), Three[1].Id, Outcome.Busy, 1000),
        new BroadcastDone(new(Three[0].Id, -1, ulong.MaxValue), Three[1].Id, Outcome.Done, -1),
        new BroadcastAsk(new(Three[0].Id, 7, 3), Three[1].Id),
        new PeerRequest(1, Three[1].Id, PeerRequest.MaxSteps, false),
        new PeerRequest(ulong.MaxValue, default, 0, true),
        new PeerOffer(ulong.MaxValue, true),
        new PeerAnswer(1, true),
        new PeerPing(0, 1),
        new PeerPong(ulong.MaxValue, 2),
        new PeerClose(7, PeerEnd.Closed),
        new PeerClose(7, PeerEnd.MadeRoom, Three[1].Id),
        new PeerBytes(7, 0, false, Bytes(300)),
        new PeerBytes(7, ulong.MaxValue, true, default),
        new PeerReceived(7, 1, int.MaxValue),
        new TreeJoin(1, TreeSearch.Highest, RingId.From(9), null),
        new TreeJoin(ulong.MaxValue, TreeSearch.Delegated, RingId.From(9), RingId.From(10)) { Certificate = Alice },
        new TreePlace(2, new(1, 3, uint.MaxValue), 30, Alice),
        new TreeAttach(3, TreeReason.RootLost, new(uint.MaxValue, 255, 0), 1_000_000, RingId.From(3), Three[1]) { Slot = 7 },
        new TreeAttach(3, TreeReason.Join, default, 1, null, null),
        new TreeAttached(3, TreeVerdict.NotYet, new(1, 2, 3), TreeAttached.NoSlot),
        new TreeBeacon(new(70_000, 3, 128)),
        new TreeEcho(9, new(100_000, TreeShape.NoFree, 0, 4, 11)),
        new TreePosition([new(Three[0], 9), new(Three[1], TreeAttached.NoSlot)], Three[2], null, Three, 10),
        new TreePosition([], null, Three[0], [], 0),
        new TreePosition([new(Three[0], 9)], null, null, [], 3) { Warrant = new(Appointment, []) },
        new TreeNotice(TreeNews.Reign, 2, 9, 3, RingId.From(8), Three[1]) { Warrant = Warrant },
        new TreeStandIn(3, 3, Three) { Signature = Signature },
        new TreeAttach(3, TreeReason.RootLost, new(5, 3, 0), 1, RingId.From(3), null) { Vote = Signature },
        new TreeTable(true, [RingId.From(1), RingId.From(0xFFFFFFFFFFFF)], []),
        new TreeTable(false, [], [RingId.From(5)]),
        new TreeDigest(5, ulong.MaxValue),
        new TreeErrand(TreeTask.TakePlace, 6, Three[0], 2, RingId.From(8), Three[1]),
        new TreeErrand(TreeTask.Lift, 6, Three[0], 0, default, null),
        new TreeNotice(TreeNews.MoveTo, 7, 4, 2, RingId.From(8), Three[1]),
        new TreeNotice(TreeNews.Detached, 0, 0, 0, default, null),
        new TreeStandIn(3, 3, Three),
        new TreeNotHere(RingId.From(8)),
        new GetState(1),
        new TraceRoute(1),
        new TraceRoute(ulong.MaxValue) { Certificate = Alice },
        new TracedRoute(2, DropReason.None, [RingId.From(1), RingId.From(2)], Trail, null),
        new TracedRoute(3, DropReason.Declined, [], [], Departed) { Certificate = Alice },
        new State(2, NodePhase.Member, null, [], [], [new(RingId.From(5), LinkPhase.Open, LinkPurpose.Ring, false) { Gauge = Trail[0].Link, Sent = 9 }])
        {
            Departures = [Departed, Departed with { Kind = DepartureKind.Left, Failure = LinkFailure.None }],
            Totals = new(long.MaxValue, 1, 2, 3, 4, 5, 6, 7),
            Quotas = [new(QuotaKind.Links, 7, 48), new((QuotaKind)255, long.MaxValue, -1)],
        },
        new State(1, NodePhase.Member, Three[0], Three, [new(47, RingId.From(5))], [new(RingId.From(5), LinkPhase.Open, LinkPurpose.Finger, true)]),
    ];

    /// <summary>What two hops say, with every field at an end of its range.</summary>
    public static HopRecord[] Trail =>
    [
        new(RingId.From(1), RingId.From(2), RouteDecision.Finger, false, TimeSpan.FromMicroseconds(250), new(LinkWay.Direct, CandidateType.Host, CandidateType.PeerReflexive, TimeSpan.FromMilliseconds(12), 1200)),
        new(RingId.From(0xFFFFFFFFFFFF), RingId.From(0), RouteDecision.Hub, true, null, LinkGauge.Unknown with { QueuedBytes = uint.MaxValue }),
    ];

    private static DepartureEntry Departed => new(RingId.From(9), DepartureKind.LinkLost, TimeSpan.FromSeconds(12), TimeSpan.FromMilliseconds(2400), 3, LinkFailure.Transport);

    public static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
        {
            bytes[i] = (byte)(i + 1);
        }

        return bytes;
    }

    /// <summary>A message around <paramref name="payload"/>, its body not signed.</summary>
    public static Message Around(Payload payload) => new()
    {
        Kind = payload.Kind,
        Flags = MessageFlags.Responsible | (payload is SealedData ? MessageFlags.Sealed : 0),
        HopsLeft = Message.HopBudget,
        Source = Alice.Id,
        Destination = RingId.From(0x0A0B0C0D0E0F),
        MessageId = 77,
        Body = new SignedBody { Instance = 5, ExpiresAt = 1_767_225_610_000, Payload = payload },
    };

    /// <summary>A value in words, lists and bytes spelled out: equal words mean equal values.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "nil",
        string text => $"'{text}'",
        ReadOnlyMemory<byte> memory => Convert.ToHexString(memory.Span),
        byte[] bytes => Convert.ToHexString(bytes),
        Delegation delegation => Convert.ToHexString(delegation.Encoded),
        RootAppointment appointment => Convert.ToHexString(appointment.Encoded),
        NodeCertificate certificate => Convert.ToHexString(certificate.Encoded),
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(Describe))}]",
        _ when value is RootWarrant or RootSuccession or RootVote
            || (value.GetType().Namespace!.StartsWith("Overlay.Messages", StringComparison.Ordinal) && !value.GetType().IsEnum) =>
            $"{value.GetType().Name}({string.Join(", ", value.GetType().GetProperties().Select(one => $"{one.Name}: {Describe(one.GetValue(value))}"))})",
        _ => value.ToString()!,
    };
}
