using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Overlay.Admission;
using Overlay.Identity;
using Overlay.Names;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Hub;

/// <summary>The Smoke side of the hub: pages get an address, find each other by name and pass signals. Stepped by <see cref="HubLoop"/> only.</summary>
/// <remarks>Pages of this hub see each other as dotted quads; members, and pages at other hubs of the network, by their ids in 12 hexadecimal digits.</remarks>
internal sealed class SmokeHub(HubOptions options, HubAdmission admission, HubOutbox outbox)
{
    /// <summary>Registrations and look-ups of one page that may wait for the overlay.</summary>
    private const int MaxQuestionsOfPage = 64;

    /// <summary>Nobody waits for the answer.</summary>
    private const long NoTicket = 0;

    private readonly SmokeDirectory _directory = new();
    private readonly Dictionary<SessionId, Client> _clients = [];
    private readonly Dictionary<long, Question> _questions = [];
    private long _lastTicket;

    private byte Number => (byte)options.HubNumber;

    /// <summary>Pages connected now.</summary>
    public int Pages => _directory.Count;

    /// <summary>Signals passed from page to page since the start.</summary>
    public long Forwarded { get; private set; }

    /// <summary>Greets a page with its address, before it says anything.</summary>
    public void Open(Instant now, HubConnection connection)
    {
        if (_clients.Count >= options.MaxPages)
        {
            connection.Close(HubLoop.TryAgainLater, "too many pages");
            return;
        }

        _clients.Add(connection.Id, new(connection, options.MessagesPerPage));
        var address = _directory.Open(connection.Id);
        admission.GuestOpened(_directory.NumberOf(connection.Id));
        Send(connection, SmokeAnswers.Binding(address, options.Ice.For(now, address)));
    }

    public void Close(Instant now, HubConnection connection)
    {
        if (_clients.Remove(connection.Id, out var client))
        {
            ForgetQuestions(client);
            admission.GuestClosed(now, _directory.NumberOf(connection.Id), outbox);
            _directory.Close(connection.Id);
        }
    }

    private void ForgetQuestions(Client client)
    {
        if (client.Questions > 0)
        {
            foreach (var (ticket, question) in _questions)
            {
                if (question.Session == client.Connection.Id)
                {
                    _questions.Remove(ticket); // Removing does not disturb an enumeration of this type.
                }
            }
        }
    }

    public void Receive(Instant now, HubConnection connection, byte[] text)
    {
        if (!_clients.TryGetValue(connection.Id, out var client))
        {
            return;
        }

        if (!client.Messages.TryTake(now))
        {
            connection.Close(WebSocketCloseStatus.PolicyViolation, "too many messages");
            return;
        }

        if (!SmokeMessage.TryRead(text, out var message))
        {
            connection.Close(WebSocketCloseStatus.InvalidMessageType, "protocol violation");
            return;
        }

        using (message)
        {
            Handle(now, connection, message);
        }
    }

    private void Handle(Instant now, HubConnection connection, SmokeMessage message)
    {
        switch (message.Type)
        {
            case "forward":
                Forward(now, connection, message.To, message.Data);
                break;
            case "register":
                Register(now, connection, message.RequestId, message.Hostname);
                break;
            case "lookup":
                LookUp(now, connection, message.RequestId, message.Hostname);
                break;
        }
    }

    /// <summary>A signal out of the overlay for a page here.</summary>
    public void Deliver(uint page, RingId from, ReadOnlyMemory<byte> json)
    {
        if (_directory.TryFind(page, out var session) && _clients.TryGetValue(session, out var client))
        {
            Send(client.Connection, SmokeAnswers.Forward(GuestIds.Quad(page), from.ToString(), json));
        }
    }

    /// <summary>The sender's address is the hub's word, not the page's; who is not there is not missed.</summary>
    private void Forward(Instant now, HubConnection from, string to, JsonElement data)
    {
        var sender = _directory.NumberOf(from.Id);
        if (_directory.TryFind(to, out var session))
        {
            ForwardHere(session, to, GuestIds.Quad(sender), data);
        }
        else if (!GuestIds.TryReadQuad(to, out _) && GuestIds.TryReadAddress(to, Number, out var id))
        {
            if (!IsHere(id))
            {
                var json = data.ValueKind == JsonValueKind.Undefined ? [] : JsonMarshal.GetRawUtf8Value(data).ToArray();
                admission.GuestSignals(now, sender, id, json, outbox);
            }
            else if (_directory.TryFind(GuestIds.AddressOf(id), out session))
            {
                // Whoever is spoken to by its long address answers from it: pages keep their connections by address.
                ForwardHere(session, id.ToString(), GuestIds.Of(Number, sender).ToString(), data);
            }
        }
    }

    /// <summary>This hub's own pages first; then, for what is a name in the overlay, its directory.</summary>
    private void Register(Instant now, HubConnection connection, JsonElement requestId, string name)
    {
        if (_directory.Reserve(connection.Id, name) is { } refusal)
        {
            Send(connection, SmokeAnswers.RegisterFail(requestId, refusal));
        }
        else if (NodeName.TryNormalize(name, out _) && admission.ServesGuests)
        {
            Ask(connection, requestId, name, isRegister: true, ticket => admission.GuestRegisters(now, _directory.NumberOf(connection.Id), ticket, name, outbox));
        }
        else
        {
            // What no node can have as a name is known at this hub only; all else is registered in the overlay as soon as there is one.
            var address = _directory.NumberOf(connection.Id);
            admission.GuestUnregisters(now, address, outbox);
            admission.GuestRegisters(now, address, NoTicket, name, outbox);
            _directory.Commit(connection.Id);
            Send(connection, SmokeAnswers.RegisterOk(requestId, name));
        }
    }

    private void LookUp(Instant now, HubConnection connection, JsonElement requestId, string name)
    {
        if (Find(name) is { } address)
        {
            Send(connection, SmokeAnswers.LookupOk(requestId, address));
        }
        else if (admission.ServesNames && NodeName.TryNormalize(name, out _))
        {
            Ask(connection, requestId, name, isRegister: false, ticket => admission.GuestLooksUp(now, _directory.NumberOf(connection.Id), ticket, name, outbox));
        }
        else
        {
            Send(connection, SmokeAnswers.LookupOk(requestId, null));
        }
    }

    /// <summary>The page waits for the overlay: so many questions at a time, and the reason where it is one too many.</summary>
    private void Ask(HubConnection connection, JsonElement requestId, string name, bool isRegister, Action<long> ask)
    {
        var client = _clients[connection.Id];
        if (client.Questions >= MaxQuestionsOfPage)
        {
            Fail(connection, new(connection.Id, requestId, name, isRegister), "too many questions at a time");
            return;
        }

        client.Questions++;
        _questions.Add(++_lastTicket, new(connection.Id, requestId.ValueKind == JsonValueKind.Undefined ? requestId : requestId.Clone(), name, isRegister));
        ask(_lastTicket);
    }

    /// <summary>The overlay's directory answered a page, or did not in time.</summary>
    public void Answer(long ticket, Outcome outcome, RingId found)
    {
        if (!_questions.Remove(ticket, out var question) || !_clients.TryGetValue(question.Session, out var client))
        {
            return;
        }

        client.Questions--;
        if (outcome == Outcome.Done && question.IsRegister)
        {
            _directory.Commit(question.Session);
            Send(client.Connection, SmokeAnswers.RegisterOk(question.RequestId, question.Name));
        }
        else if (!question.IsRegister && outcome is Outcome.Done or Outcome.NameUnknown)
        {
            Send(client.Connection, SmokeAnswers.LookupOk(question.RequestId, outcome == Outcome.Done ? AddressOf(found) : null));
        }
        else
        {
            Fail(client.Connection, question, ReasonOf(outcome, question.Name));
        }
    }

    /// <summary>A page has lost its name to somebody else in the network; Smoke has no word for telling it.</summary>
    public void Lose(uint page) => _directory.Lose(page);

    private void Fail(HubConnection connection, Question question, string reason)
    {
        if (question.IsRegister)
        {
            _directory.Withdraw(question.Session);
        }

        Send(connection, question.IsRegister ? SmokeAnswers.RegisterFail(question.RequestId, reason) : SmokeAnswers.LookupFail(question.RequestId, reason));
    }

    private static string ReasonOf(Outcome outcome, string name) => outcome switch
    {
        Outcome.NameTaken => $"hostname '{name}' already registered",
        Outcome.TimedOut => $"hostname '{name}': the network did not answer in time",
        Outcome.Busy => $"hostname '{name}': too many requests at the moment",
        _ => $"hostname '{name}': refused by the network",
    };

    /// <summary>How a page here sees an id: a page of this hub by its own address (if it is still here), all others by their ids.</summary>
    private string? AddressOf(RingId id) => !IsHere(id) ? id.ToString() : _directory.TryFind(GuestIds.AddressOf(id), out _) ? GuestIds.Quad(GuestIds.AddressOf(id)) : null;

    /// <summary>An address stands for itself: its page is here, or it is an id of the overlay, of which only a signal can tell whether somebody has it.</summary>
    private string? Find(string name)
    {
        if (_directory.Lookup(name) is { } address)
        {
            return address;
        }

        return RingId.TryParse(name, out var id) && id.Value != 0 && (IsHere(id) ? _directory.TryFind(GuestIds.AddressOf(id), out _) : admission.ServesGuests) ? name : null;
    }

    private bool IsHere(RingId id) => GuestIds.IsGuest(id) && GuestIds.HubOf(id) == Number;

    private void ForwardHere(SessionId session, string to, string from, JsonElement data)
    {
        if (_clients.TryGetValue(session, out var receiver))
        {
            Forwarded++;
            Send(receiver.Connection, SmokeAnswers.Forward(to, from, data));
        }
    }

    private static void Send(HubConnection connection, byte[] frame)
    {
        if (!connection.TrySend(frame))
        {
            connection.Abort();
        }
    }

    private sealed class Client(HubConnection connection, Rate rate)
    {
        public HubConnection Connection => connection;

        public TokenBucket Messages = new(rate);

        /// <summary>Questions of it that wait for the overlay.</summary>
        public int Questions { get; set; }
    }

    /// <summary>A page's question that the overlay is to answer.</summary>
    private sealed record Question(SessionId Session, JsonElement RequestId, string Name, bool IsRegister);
}
