using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Routing;

/// <summary>A message that is for this node, opened and authentic.</summary>
/// <param name="Message">Its envelope.</param>
/// <param name="Body">Its body.</param>
/// <param name="From">The source; without a certificate for what proves itself (certificates) and for the hub.</param>
/// <param name="Link">The link or hub session it came over; default where this node sent it to itself.</param>
public readonly record struct Arrival(Message Message, SignedBody Body, Contact From, LinkId Link)
{
    /// <summary>The anchor through which the source is reached.</summary>
    public RingId? ReplyVia => Message.HasSourceVia ? Message.SourceVia : null;

    public Payload Payload => Body.Payload;
}

/// <summary>The door of a node: what arrives for it is opened, and judged by form, time, signature, instance and repetition.</summary>
/// <remarks>
/// What is signed by somebody unknown is parked, bounded, while the source is asked for its certificate, which proves itself by the hub's signature.
/// </remarks>
public sealed class Intake
{
    /// <summary>How far two nodes' clocks may be apart.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    private const int MaxParked = 64;
    private const int MaxFetches = 64;

    private readonly NodeContext _context;
    private readonly Courier _courier;
    private RecentMessages _delivered;
    private RareList<Parked> _parked;
    private RareList<ulong> _fetches;

    public Intake(NodeContext context, Courier courier)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(courier);
        (_context, _courier) = (context, courier);
    }

    /// <summary>When the first parked message has waited too long.</summary>
    public Instant NextDue => _parked.Count == 0 ? Instant.Never : _parked[0].Due;

    /// <summary>Reads a word of each line of memory that a step touches (<see cref="OverlayNode.Recall"/>).</summary>
    internal long Recall() => _parked.Count + (_fetches.Count > 0 ? 1 : 0);

    /// <summary>Opens a message for this node. False: it was dropped and counted, or it waits for a certificate.</summary>
    /// <param name="now">Now.</param>
    /// <param name="message">The message.</param>
    /// <param name="link">Where it came from; default: this node itself.</param>
    /// <param name="neighbour">The open link of that name, if it is one.</param>
    /// <param name="arrival">The result.</param>
    /// <param name="isDuplicate">It was delivered before.</param>
    public bool TryOpen(Instant now, in Message message, LinkId link, Link? neighbour, out Arrival arrival, out bool isDuplicate)
    {
        arrival = default;
        isDuplicate = false;
        var contact = _context.Self;
        if (!MessageCodec.TryOpen(message, out var body, out var why)
            || (link != default && !TryAuthenticate(now, message, body, link, neighbour, out contact, out why)))
        {
            if (why != DropReason.None)
            {
                _context.Drop(why, message, link);
            }

            return false;
        }

        arrival = new(message, body, contact, link);
        if ((body.Signature.Length > 0 || message.Kind == MessageKind.Data) && link != default
            && !_delivered.TryAdd(now, message.Source, body.Instance, message.MessageId, MessageSecurity.EndOfLife(body, now, ClockTolerance)))
        {
            _context.Drop(DropReason.Duplicate, message, link);
            isDuplicate = true;
            return false;
        }

        return true;
    }

    /// <summary>Asks <paramref name="from"/> for certificates; none named: for its own.</summary>
    /// <returns>The id of the message.</returns>
    public ulong Fetch(Instant now, RingId from, RingId? via, IReadOnlyList<CertificateHash> hashes)
    {
        var nonce = _context.NextNonce();
        if (_fetches.Count == MaxFetches)
        {
            _fetches.RemoveAt(0); // The oldest: its answer would come too late.
        }

        _fetches.Add(nonce);
        return _courier.Send(now, new Letter(from, new GetCertificates(nonce, hashes)) { Via = via }).MessageId;
    }

    /// <summary>Takes the certificates of an answer that was asked for. True where at least one is new or known, so parked things may go on.</summary>
    public bool Learn(Instant now, Certificates answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (!_fetches.Remove(answer.Nonce))
        {
            return false;
        }

        var learned = false;
        foreach (var certificate in answer.Items)
        {
            learned |= _context.Certificates.TryAdd(now, certificate, out _);
        }

        return learned;
    }

    /// <summary>The next parked message whose source is known by now.</summary>
    public bool TryTakeReady(out Message message, out LinkId link)
    {
        for (var i = 0; i < _parked.Count; i++)
        {
            if (_context.Certificates.TryFind(_parked[i].Message.Source, out _))
            {
                (message, link) = (_parked[i].Message, _parked[i].Link);
                _parked.RemoveAt(i);
                return true;
            }
        }

        (message, link) = (default, default);
        return false;
    }

    /// <summary>Drops what has waited too long.</summary>
    public void Advance(Instant now)
    {
        while (_parked.Count > 0 && _parked[0].Due <= now)
        {
            _context.Drop(DropReason.UnknownCertificate, _parked[0].Message, _parked[0].Link);
            _parked.RemoveAt(0);
        }
    }

    /// <summary>Certificates prove themselves, and so does a question for one; the hub's own words come over its session only.</summary>
    private static bool ProvesItself(MessageKind kind) => kind is MessageKind.GetCertificates or MessageKind.Certificates or MessageKind.Renewed;

    /// <summary>What a hub says for its guests.</summary>
    private static bool IsForGuests(MessageKind kind) => kind is MessageKind.GuestSignal or MessageKind.GuestAnswer or MessageKind.PutRecord or MessageKind.GetRecord;

    private bool TryAuthenticate(Instant now, in Message message, SignedBody body, LinkId link, Link? neighbour, out Contact source, out DropReason why)
    {
        source = default;
        why = DropReason.Expired;
        if (MessageSecurity.IsExpired(body, now, ClockTolerance)
            || body.ExpiresAt - now.UnixMilliseconds > (long)(Courier.MessageLife + ClockTolerance).TotalMilliseconds)
        {
            return false;
        }

        why = DropReason.BadSignature;
        if (message.Source == _context.Self.Id && message.Source != default)
        {
            return false; // Nobody else speaks for this node; its own words do not come back to it.
        }

        if (GuestIds.IsGuest(message.Source))
        {
            source = new(message.Source, body.Instance, null!); // A page has no key: its hub signs for it.
            return IsForGuests(message.Kind) && _context.IsAdmitted && MessageSecurity.Verify(message, body, _context.Certificates.HubKey, _context.Signing);
        }

        if (body.Signature.IsEmpty)
        {
            return IsSaidByNeighbour(message, body, neighbour, ref source) || ProvesItself(message.Kind) || IsSaidByHub(message, neighbour);
        }

        if (!TryLearnCarried(now, message, body.Payload))
        {
            return false;
        }

        if (!_context.Certificates.TryFind(message.Source, out source))
        {
            why = DropReason.None;
            if (!ProvesItself(message.Kind))
            {
                Park(now, message, link);
                return false;
            }

            return true;
        }

        if (!MessageSecurity.Verify(message, body, source.Certificate, _context.Signing))
        {
            return false;
        }

        why = DropReason.Expired;
        source = source with { Instance = body.Instance };
        return _context.Certificates.Witness(message.Source, body.Instance);
    }

    /// <summary>Unsigned: only over the proved link of its source.</summary>
    private bool IsSaidByNeighbour(in Message message, SignedBody body, Link? neighbour, ref Contact source)
    {
        if (neighbour is not { } link || link.PeerId != message.Source)
        {
            return false;
        }

        var peer = link.Peer;
        if (body.Instance != peer.Instance)
        {
            if (!_context.Certificates.Witness(message.Source, body.Instance))
            {
                return false;
            }

            peer = peer with { Instance = body.Instance };
            link.Peer = peer;
        }

        source = peer;
        return true;
    }

    private static bool IsSaidByHub(in Message message, Link? neighbour) =>
        neighbour is null && message.Source == default && message.Kind == MessageKind.Unreachable;

    /// <summary>Offers, answers, look-ups and the messages of strangers carry their source's certificate; it must be true, and the source's.</summary>
    private bool TryLearnCarried(Instant now, in Message message, Payload payload)
    {
        var carried = payload switch
        {
            Offer offer => offer.Certificate,
            Answer answer => answer.Certificate,
            ConnectionOffer offer => offer.Certificate,
            ConnectionAnswer answer => answer.Certificate,
            FindOwner question => question.Certificate,
            Owner owner => owner.Certificate,
            TraceRoute question => question.Certificate,
            TracedRoute answer => answer.Certificate,
            Data data => data.Certificate,
            SealedData data => data.Certificate,
            MergeLookup lookup when lookup.Certificate.Id == message.Source => lookup.Certificate,
            TryMerge merge when merge.Predecessor.Id == message.Source => merge.Predecessor,
            TryMerge merge when merge.Successor.Id == message.Source => merge.Successor,
            TreeJoin join when join.Origin == message.Source => join.Certificate,
            TreePlace place => place.Certificate,
            GuestSignal signal => signal.Certificate,
            GuestAnswer answer => answer.Certificate,
            PutRecord put when put.Record.Owner.Id == message.Source => put.Record.Owner,
            Replicate copies => copies.Certificate,
            _ => null,
        };
        return carried is null || (carried.Id == message.Source && _context.Certificates.TryAdd(now, carried, out _));
    }

    private void Park(Instant now, in Message message, LinkId link)
    {
        if (_parked.Count == MaxParked)
        {
            _context.Drop(DropReason.UnknownCertificate, message, link);
            return;
        }

        // Who asks again as often as messages wait here would else never be asked again, should the first question have been lost.
        var (patience, isAsked) = (_context.Options.QueryTimeout, false);
        foreach (var other in _parked)
        {
            isAsked |= other.Message.Source == message.Source && other.IsAsked && other.Due > now + (patience / 2);
        }

        _parked.Add(new(MessageCodec.Detach(message), link, now + patience, !isAsked));
        if (!isAsked)
        {
            Fetch(now, message.Source, message.HasSourceVia ? message.SourceVia : null, []);
        }
    }

    /// <summary>A message that waits for its source's certificate, which was asked for because of it, or because of one before.</summary>
    private readonly record struct Parked(Message Message, LinkId Link, Moment Due, bool IsAsked);
}
