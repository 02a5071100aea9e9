using System.Buffers.Binary;
using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Routing;

/// <summary>What all procedures of one node share: who it is, its links, its ports, and the outbox of the step.</summary>
public sealed class NodeContext
{
    private int _lastLink;
    private ulong _lastMessage;
    private Prng _prng;
    private Departures _departures;
    private RouteTracing? _tracing;

    public NodeContext(OverlayOptions options, ISigning signing, ISealing? sealing, ISecrets secrets, ulong seed, long instance, CertificatePool? certificates = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        (Options, Signing, Sealing, Secrets) = (options, signing, sealing, secrets);
        Self = new Contact(default, instance, null!); // No certificate yet: IsAdmitted says so.
        _prng = new Prng(seed);
        Links = new LinkTable(options.DegreeCap, options.MaxSetUps);
        Certificates = new CertificateStore(signing, CertificateStore.DefaultCapacity, certificates);
    }

    public OverlayOptions Options { get; }

    public ISigning Signing { get; }

    public ISealing? Sealing { get; }

    public ISecrets Secrets { get; }

    /// <summary>The node itself, with this start's instance; without a certificate until it was admitted.</summary>
    public Contact Self { get; set; }

    public NodePhase Phase { get; set; }

    /// <summary>Where this node lies on the ring; meaningful while <see cref="IsMember"/>.</summary>
    public RingView View { get; set; }

    /// <summary>About how many members the ring has, as the successor list lets one guess.</summary>
    public int RoughSize { get; set; }

    /// <summary>The tree that this node is in; null on a ring.</summary>
    public Tree.OverlayTree? Tree { get; set; }

    public LinkTable Links { get; }

    public CertificateStore Certificates { get; }

    /// <summary>The outbox of the step that is being taken.</summary>
    public Outbox Outbox { get; set; } = null!;

    /// <summary>How long a used link may stay without any answer before it is probed.</summary>
    public TimeSpan UsePatience => Options.ProbePeriod / 2;

    /// <summary>The moment of the step that is being taken.</summary>
    public Moment Now { get; set; }

    /// <summary>When to ask whether the links that were used have acknowledged anything.</summary>
    public Moment UseCheckDue { get; set; } = Instant.Never;

    /// <summary>Decides the node's schedules.</summary>
    public ref Prng Prng => ref _prng;

    /// <summary>What the host measures; null where it measures nothing.</summary>
    public IGauges? Gauges { get; init; }

    /// <summary>The neighbours that were lost lately.</summary>
    public ref Departures Departures => ref _departures;

    /// <summary>What this node says to traces; made with the first that passes.</summary>
    public RouteTracing Tracing => _tracing ??= new(this);

    /// <summary>Whether this node forwards for others.</summary>
    public bool IsMember => Phase is NodePhase.Member or NodePhase.Founding or NodePhase.Leaving;

    /// <summary>Whether a certificate was given, so that messages can be signed and answered.</summary>
    public bool IsAdmitted => Self.Certificate is not null;

    /// <summary>Whether this node answers for <paramref name="key"/>.</summary>
    public bool Owns(Ring.RingId key) => Tree is { } tree ? tree.Owns(key) : View.Owned.Contains(key);

    /// <summary>Whether what this node answers for is on its way to it.</summary>
    public bool OwnsNothingYet => Tree is { } tree ? !tree.IsRoot && tree.Depth == 0 : View.Owned.Length == 0;

    /// <summary>Where <paramref name="message"/> goes from this member.</summary>
    public NextHop NextHop(in Message message, LinkId avoid = default) =>
        Tree is { } tree ? TreeRouter.NextHop(tree, Self.Id, Links, message, avoid) : Router.NextHop(View, Links, message, avoid);

    /// <summary>A name for a link or a hub session. Never reused.</summary>
    public LinkId NextLink() => new(++_lastLink);

    /// <summary>A number for a message: unique for this instance.</summary>
    public ulong NextMessageId() => ++_lastMessage;

    /// <summary>8 bytes that nobody can guess, never 0.</summary>
    public ulong NextNonce()
    {
        Span<byte> bytes = stackalloc byte[8];
        Secrets.Fill(bytes);
        return Math.Max(1, BinaryPrimitives.ReadUInt64BigEndian(bytes));
    }

    /// <summary>16 bytes that nobody can guess: names a link set-up.</summary>
    public UInt128 NextLinkNonce()
    {
        Span<byte> bytes = stackalloc byte[16];
        Secrets.Fill(bytes);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>
    /// A link is used. Where nothing comes back, not even the host's acknowledgements, its peer is asked before long: messages are not to fall into a grave
    /// until the next routine probe (hop acknowledgements, mechanisms §3). What answers a message of this very moment needs no watch.
    /// </summary>
    /// <returns>Whether this message is the one whose acknowledgement is waited for.</returns>
    public bool Used(Link link)
    {
        if (!link.TryBeginUse(Now))
        {
            return false;
        }

        UseCheckDue = Instant.Min(UseCheckDue, Now + UsePatience);
        return true;
    }

    /// <summary>Reads a word of each line of memory that a step touches (<see cref="OverlayNode.Recall"/>).</summary>
    internal long Recall() => _lastLink + (long)Phase + Now.Ticks + UseCheckDue.Ticks + (long)View.Successor.Value + (long)View.Self.Value + (Links.IsFull ? 1 : 0) + (Certificates is null ? 1 : 0);

    /// <summary>Counts a message that ends here.</summary>
    public void Drop(DropReason why, in Message message, LinkId link) =>
        Outbox.Observe(new Effect { Observation = Observation.Dropped, Drop = why, Link = link, Message = message with { Body = null } });
}
