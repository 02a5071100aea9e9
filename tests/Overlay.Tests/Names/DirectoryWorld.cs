using Overlay.Effects;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tests.Names;

/// <summary>Some directories that hear each other without delay. The first living node of <see cref="Order"/> answers for every key; the next ones are its replicas.</summary>
internal sealed class DirectoryWorld
{
    private readonly World _world = new();
    private readonly Dictionary<RingId, Member> _members = [];

    public DirectoryWorld(int count, OverlayOptions? options = null)
    {
        for (var index = 1; index <= count; index++)
        {
            var member = new Member(this, (ulong)index, options ?? OverlayOptions.Default);
            _members.Add(member.Id, member);
            Order.Add(member);
        }
    }

    public List<Member> Order { get; } = [];

    public Instant Now { get; private set; } = World.At(0);

    /// <summary>Messages that crossed, by kind.</summary>
    public Dictionary<MessageKind, int> Crossed { get; } = [];

    /// <summary>Messages that vanish.</summary>
    public Func<Member, Member, Payload, bool> Loses { get; set; } = (_, _, _) => false;

    /// <summary>Which side of a split a member is on.</summary>
    public Func<Member, int> Side { get; set; } = _ => 0;

    public Member this[int index] => _members[_world.Contact((ulong)index + 1).Id];

    public IEnumerable<Member> Line(Member of) => Order.Where(one => one.IsAlive && Side(one) == Side(of));

    public void RunTo(double seconds)
    {
        while (true)
        {
            var next = Order.Where(one => one.IsAlive).MinBy(one => one.Directory.NextDue.Ticks);
            if (next is null || next.Directory.NextDue > World.At(seconds))
            {
                Now = World.At(seconds);
                return;
            }

            Now = new(Math.Max(Now.Ticks, next.Directory.NextDue.Ticks), World.At(0).UnixMilliseconds + (Math.Max(Now.Ticks, next.Directory.NextDue.Ticks) / TimeSpan.TicksPerMillisecond));
            next.Directory.Advance(Now);
            next.Settle();
        }
    }

    /// <summary>Everybody looks who it answers for now.</summary>
    public void Rearrange()
    {
        foreach (var member in Order.Where(one => one.IsAlive))
        {
            member.Directory.PlacementChanged(Now);
        }
    }

    private void Deliver(Member from, RingId to, Payload payload, bool isToResponsible)
    {
        var target = isToResponsible ? Line(from).FirstOrDefault() : _members.GetValueOrDefault(to);
        if (target is null || !target.IsAlive || !from.IsAlive || Side(target) != Side(from) || Loses(from, target, payload))
        {
            return;
        }

        Crossed[payload.Kind] = Crossed.GetValueOrDefault(payload.Kind) + 1;
        var asker = new NameAsker(from.Id, null, new(1));
        switch (payload)
        {
            case PutRecord or GetRecord or WatchName:
                target.Directory.OnQuestion(Now, asker, payload);
                break;
            case Replicate replicate:
                target.Directory.OnReplicate(Now, asker, replicate, isToResponsible);
                break;
            default:
                target.Directory.OnAnswer(Now, from.Id, payload);
                break;
        }

        target.Settle();
    }

    internal sealed class Member : INamePlacement
    {
        private readonly DirectoryWorld _world;
        private readonly RecordingPort _port;
        private long _lastRequest;
        private bool _isSettling;

        public Member(DirectoryWorld world, ulong index, OverlayOptions options)
        {
            _world = world;
            _port = new(world._world.Contact(index));
            Directory = new(options, _port, this, world._world.Signing(index), world._world.Store(index), new Prng(index));
        }

        public RingId Id => _port.Self.Id;

        public NameDirectory Directory { get; }

        public bool IsAlive { get; set; } = true;

        public List<NameResult> Results { get; } = [];

        public bool Owns(RingId key) => _world.Line(this).First() == this;

        public int CopyReplicas(Span<RingId> into)
        {
            var count = 0;
            foreach (var other in _world.Line(this).Where(one => one != this))
            {
                if (count < into.Length)
                {
                    into[count++] = other.Id;
                }
            }

            return count;
        }

        public bool IsSettledFor(Instant now, RingId key) => true;

        public TimeSpan? OfferAfter => null;

        public bool IsHandedDown(RingId key) => false;

        public bool IsPlausibleKeeper(RingId key, RingId node) => true;

        public NameResult Do(Action<NameDirectory, Instant, RequestId> command)
        {
            var request = new RequestId(++_lastRequest);
            command(Directory, _world.Now, request);
            Settle();
            return Results.LastOrDefault(one => one.Kind == NameResultKind.Ended && one.Request == request);
        }

        public NameResult Register(string name) => Do((directory, now, request) => directory.Register(now, request, name));

        public NameResult Resolve(string name) => Do((directory, now, request) => directory.Resolve(now, request, name));

        public void Settle()
        {
            if (_isSettling)
            {
                return;
            }

            _isSettling = true;
            var moved = true;
            while (moved)
            {
                moved = false;
                while (_port.Sent.Count > 0)
                {
                    moved = true;
                    var (_, _, to, payload) = _port.Sent[0];
                    _port.Sent.RemoveAt(0);
                    _world.Deliver(this, to, payload, isToResponsible: false);
                }

                while (_port.SentToResponsible.Count > 0)
                {
                    moved = true;
                    var (_, _, payload) = _port.SentToResponsible[0];
                    _port.SentToResponsible.RemoveAt(0);
                    _world.Deliver(this, default, payload, isToResponsible: true);
                }

                while (Directory.TryTakeReply(_world.Now, out var reply))
                {
                    moved = true;
                    _world.Deliver(this, reply.To.Id, reply.Payload, isToResponsible: false);
                }

                while (Directory.TryTakeResult(out var result))
                {
                    Results.Add(result);
                }
            }

            _isSettling = false;
        }
    }
}
