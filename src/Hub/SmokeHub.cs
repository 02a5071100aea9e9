using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Overlay.Admission;
using Overlay.Identity;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Hub;

/// <summary>The Smoke side of the hub: pages get an address, find each other by name and pass signals. Stepped by <see cref="HubLoop"/> only.</summary>
/// <remarks>Pages of this hub see each other as dotted quads; members, and pages at other hubs of the network, by their ids in 12 hexadecimal digits.</remarks>
internal sealed class SmokeHub(HubOptions options, HubAdmission admission, HubOutbox outbox)
{
    private readonly SmokeDirectory _directory = new();
    private readonly Dictionary<SessionId, Client> _clients = [];

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

    public void Close(HubConnection connection)
    {
        if (_clients.Remove(connection.Id))
        {
            admission.GuestClosed(_directory.NumberOf(connection.Id));
            _directory.Close(connection.Id);
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
                var refusal = _directory.Register(connection.Id, message.Hostname);
                Send(connection, refusal is null
                    ? SmokeAnswers.RegisterOk(message.RequestId, message.Hostname)
                    : SmokeAnswers.RegisterFail(message.RequestId, refusal));
                break;
            case "lookup":
                Send(connection, SmokeAnswers.LookupOk(message.RequestId, Lookup(message.Hostname)));
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

    /// <summary>An address stands for itself: its page is here, or it is an id of the overlay, of which only a signal can tell whether somebody has it.</summary>
    private string? Lookup(string name)
    {
        if (_directory.Lookup(name) is { } address)
        {
            return address;
        }

        return RingId.TryParse(name, out var id) && id.Value != 0 && (IsHere(id) ? _directory.TryFind(GuestIds.AddressOf(id), out _) : admission.ServesGuests) ? name : null;
    }

    private byte Number => (byte)options.HubNumber;

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
    }
}
