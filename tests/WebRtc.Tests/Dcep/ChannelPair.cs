using System.Text;
using Overlay.WebRtc.Dcep;
using Overlay.WebRtc.Sctp;
using Overlay.WebRtc.Tests.Sctp;

namespace Overlay.WebRtc.Tests.Dcep;

/// <summary>One side's table and what it has said, as texts.</summary>
internal sealed class ChannelEnd(DataChannelTable table)
{
    public DataChannelTable Table { get; } = table;

    public List<string> Story { get; } = [];

    public List<ChannelEvent> Events { get; } = [];

    public List<ChannelHandle> Opened => [.. Events.Where(e => e.Kind == ChannelEventKind.Opened).Select(e => e.Channel)];

    public List<ChannelHandle> Closed => [.. Events.Where(e => e.Kind == ChannelEventKind.Closed).Select(e => e.Channel)];

    public void Take(Instant now)
    {
        while (Table.TryGetEvent(now, out var happened))
        {
            Events.Add(happened);
            Story.Add(happened.Kind == ChannelEventKind.Message
                ? $"{(happened.IsText ? "text" : "binary")} {happened.Channel.Value} '{Encoding.UTF8.GetString(happened.Payload.Span)}'"
                : happened.Kind is ChannelEventKind.Connected or ChannelEventKind.Disconnected
                    ? $"{happened.Kind}"
                    : $"{happened.Kind} {happened.Channel.Value}");
        }
    }
}

/// <summary>Two tables over an <see cref="SctpPair"/>. A is the DTLS client, so its channels are even.</summary>
internal sealed class ChannelPair
{
    public ChannelPair(PathConditions? conditions = null, ulong seed = 1, DataChannelLimits? limits = null, SctpOptions? options = null)
    {
        Sctp = new SctpPair(options, conditions, seed);
        A = new ChannelEnd(new DataChannelTable(Sctp.A.Association, limits));
        Z = new ChannelEnd(new DataChannelTable(Sctp.Z.Association, limits));
        Sctp.A.Taker = Sctp.Z.Taker = Take;
    }

    public SctpPair Sctp { get; }

    public ChannelEnd A { get; }

    public ChannelEnd Z { get; }

    public Instant Now => Sctp.Now;

    public static ChannelPair Connected(
        PathConditions? conditions = null, ulong seed = 1, DataChannelLimits? limits = null, SctpOptions? options = null)
    {
        var pair = new ChannelPair(conditions, seed, limits, options);
        pair.Start();
        Assert.True(pair.RunUntil(() => pair.A.Story.Contains("Connected") && pair.Z.Story.Contains("Connected")));
        pair.A.Story.Clear();
        pair.Z.Story.Clear();
        return pair;
    }

    public void Start()
    {
        A.Table.AssignRole(Now, isDtlsClient: true);
        Z.Table.AssignRole(Now, isDtlsClient: false);
        Sctp.A.Association.Connect(Now);
        Sctp.Z.Association.Connect(Now);
    }

    public bool RunUntil(Func<bool> condition, TimeSpan? limit = null) => Sctp.RunUntil(condition, limit);

    public void RunFor(TimeSpan duration) => Sctp.RunFor(duration);

    public ChannelHandle Create(ChannelEnd end, ChannelParameters? parameters = null)
    {
        Assert.True(end.Table.TryCreate(Now, parameters ?? new ChannelParameters { Label = "test" }, out var handle));
        return handle;
    }

    /// <summary>A channel made by A and open on both sides.</summary>
    public (ChannelHandle OfA, ChannelHandle OfZ) Open(ChannelParameters? parameters = null)
    {
        var handle = Create(A, parameters);
        var before = Z.Opened.Count;
        Assert.True(RunUntil(() => Z.Opened.Count > before && A.Opened.Contains(handle)));
        return (handle, Z.Opened[^1]);
    }

    private void Take(SctpEnd end) => (end == Sctp.A ? A : Z).Take(Now);
}
