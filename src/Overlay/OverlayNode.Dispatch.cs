using Overlay.Effects;
using Overlay.Identity;
using Overlay.Links;
using Overlay.Messages;
using Overlay.Routing;
using Overlay.Time;

namespace Overlay;

/// <summary>Messages for this node: opened, judged, and given to the part whose procedure they belong to.</summary>
public sealed partial class OverlayNode
{
    /// <summary>Certificates that one message asks for or brings.</summary>
    private const int MaxCertificates = 64;

    /// <summary>Certificates that somebody unknown is given: little more than it sent.</summary>
    private const int MaxCertificatesForStrangers = 4;

    private void Arrive(Instant now, in Message message, LinkId link, Link? neighbour)
    {
        _isSettled = false;
        if (_intake.TryOpen(now, message, link, neighbour, out var arrival, out var isDuplicate))
        {
            if (arrival.From.Certificate is not null && link != default && !IsLinked(arrival.From.Id) && arrival.Payload is not Pong)
            {
                _detector.Forget(arrival.From.Id); // A suspect without a link that says anything authentic lives.
            }

            Dispatch(now, arrival);
        }
        else if (isDuplicate && message.Kind == MessageKind.Data)
        {
            AcceptData(now, arrival, isDuplicate: true);
        }
    }

    private void Dispatch(Instant now, in Arrival arrival)
    {
        switch (arrival.Payload)
        {
            case { Kind: >= MessageKind.PeerRequest and <= MessageKind.PeerReceived }:
                ReceivePeer(now, arrival);
                break;
            case Data or SealedData:
                AcceptData(now, arrival, isDuplicate: false);
                break;
            case Receipt receipt:
                _deliveries?.Receive(arrival.From, receipt);
                break;
            case Unreachable unreachable:
                ReceiveUnreachable(now, arrival.From.Id, unreachable);
                break;
            case { Kind: >= MessageKind.Offer and <= MessageKind.ConnectionRefuse }:
                ReceiveSignal(now, arrival);
                break;
            case Ping or Pong or ProbeFor:
                ReceiveProbe(now, arrival);
                break;
            case GetCertificates question:
                AnswerCertificates(now, arrival, question);
                break;
            case Certificates answer:
                LearnCertificates(now, answer);
                break;
            case Renew or Renewed or KnownHubs:
                ReceiveOfHubs(now, arrival);
                break;
            case GetState or State or TraceRoute or TracedRoute:
                ReceiveDiagnostics(now, arrival);
                break;
            case GuestSignal or GuestAnswer:
                ReceiveGuest(now, arrival);
                break;
            case { Kind: >= MessageKind.PutRecord and <= MessageKind.NameChanged }:
                ReceiveName(now, arrival);
                break;
            case { Kind: >= MessageKind.Broadcast and <= MessageKind.BroadcastAsk }:
                ReceiveBroadcast(now, arrival);
                break;
            case { } when _tree is { } tree:
                DispatchToTree(now, tree, arrival);
                break;
            default:
                DispatchToRing(now, arrival);
                break;
        }
    }

    /// <summary>What hubs and members pass on between them.</summary>
    private void ReceiveOfHubs(Instant now, in Arrival arrival)
    {
        switch (arrival.Payload)
        {
            case Renewed renewed:
                _hubs.ReceiveRenewed(now, renewed);
                break;
            case KnownHubs known:
                HearOfHubs(now, arrival, known);
                break;
            default:
                if (!_hubs.TryPassToHub(arrival.Message))
                {
                    _context.Drop(DropReason.NoRoute, arrival.Message, arrival.Link);
                }

                break;
        }
    }

    private void LearnCertificates(Instant now, Certificates answer)
    {
        if (_intake.Learn(now, answer))
        {
            _ring?.CertificatesArrived(now);
            _tree?.CertificatesArrived(now);
            _deliveries?.CertificatesArrived(now);
        }
    }

    private void DispatchToRing(Instant now, in Arrival arrival)
    {
        if (arrival.Payload is Owner answer && (_queries?.Receive(arrival.From.Id, answer.Nonce, answer) == true || _deliveries?.Receive(now, answer) == true))
        {
            return;
        }

        if (_ring is null)
        {
            _context.Drop(DropReason.NoRoute, arrival.Message, arrival.Link);
            return;
        }

        switch (arrival.Payload)
        {
            case FindOwner question:
                if (_ring.IsMember)
                {
                    Reply(now, arrival, _ring.OnFindOwner(now, arrival.From, question, (byte)(Message.HopBudget - arrival.Message.HopsLeft)));
                }

                break;
            case Owner owner:
                _ring.OnOwner(now, arrival.From, owner);
                break;
            case GetNeighbours question:
                Reply(now, arrival, _ring.OnGetNeighbours(now, arrival.From, question));
                break;
            case Neighbours neighbours:
                _ring.OnNeighbours(now, arrival.From, neighbours);
                break;
            case SameNeighbours same:
                _ring.OnSameNeighbours(now, arrival.From, same);
                break;
            case Notify notify:
                _ring.OnNotify(now, arrival.From, notify);
                break;
            case Leaving leaving:
                _context.Departures.Add(now, arrival.From.Id, DepartureKind.Left);
                _ring.OnLeaving(now, arrival.From, leaving);
                break;
            case Grant grant:
                _ring.OnGrant(now, arrival.From, grant);
                break;
            case Granted granted:
                _ring.OnGranted(now, arrival.From, granted);
                break;
            case FoundingState state:
                _ring.OnFoundingState(now, arrival.From, state);
                break;
            case MergeLookup lookup:
                _ring.OnMergeLookup(now, arrival.From, lookup, arrival.ReplyVia);
                break;
            case TryMerge merge:
                _ring.OnTryMerge(now, arrival.From, merge, arrival.ReplyVia);
                break;
            default:
                _context.Drop(DropReason.UnknownKind, arrival.Message, arrival.Link);
                break;
        }
    }

    private void ReceiveSignal(Instant now, in Arrival arrival)
    {
        switch (arrival.Payload)
        {
            case Offer offer:
                _links.ReceiveOffer(now, arrival.From, new ReturnPath(arrival.ReplyVia, arrival.Link), offer);
                break;
            case Answer answer:
                _links.ReceiveAnswer(now, arrival.From, new ReturnPath(arrival.ReplyVia, arrival.Link), answer);
                break;
            case Candidates candidates:
                _links.ReceiveCandidates(arrival.From, candidates);
                break;
            case Refuse refuse:
                _links.ReceiveRefuse(now, arrival.From, refuse);
                break;
            default:
                ReceiveConnection(now, arrival);
                break;
        }
    }

    private void ReceiveUnreachable(Instant now, Ring.RingId from, Unreachable unreachable)
    {
        if (!_links.SignalUnreachable(now, unreachable.MessageId) && _connections?.SignalUnreachable(now, unreachable.MessageId) != true
            && _queries?.Receive(now, from, unreachable) != true && _guestSignals?.Receive(now, unreachable) != true)
        {
            _deliveries?.Receive(now, unreachable);
        }
    }

    /// <summary>Gives the certificates asked for; none named: the own one.</summary>
    private void AnswerCertificates(Instant now, in Arrival arrival, GetCertificates question)
    {
        if (!_context.IsAdmitted)
        {
            return;
        }

        var items = new List<NodeCertificate>();
        var most = arrival.From.Certificate is null ? MaxCertificatesForStrangers : MaxCertificates;
        if (question.Hashes.Count == 0)
        {
            items.Add(_context.Self.Certificate);
        }

        foreach (var hash in question.Hashes)
        {
            if (items.Count < most && _context.Certificates.TryGet(hash, out var certificate))
            {
                items.Add(certificate);
            }
        }

        Reply(now, arrival, new Certificates(question.Nonce, items));
    }

    private void Reply(Instant now, in Arrival arrival, Payload payload) =>
        _courier.Answer(now, new Letter(arrival.Message.Source, payload) { Via = arrival.ReplyVia, HopContext = arrival.Message.HopContext }, arrival.Link);
}
