using System.Net.WebSockets;
using System.Text.Json;
using Overlay.Admission;
using Overlay.Time;

namespace Overlay.Hub;

/// <summary>The Smoke side of the hub: pages get an address, find each other by name and pass signals. Stepped by <see cref="HubLoop"/> only.</summary>
internal sealed class SmokeHub(HubOptions options)
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
        Send(connection, SmokeAnswers.Binding(address, options.Ice.For(now, address)));
    }

    public void Close(HubConnection connection)
    {
        if (_clients.Remove(connection.Id))
        {
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
            Handle(connection, message);
        }
    }

    private void Handle(HubConnection connection, SmokeMessage message)
    {
        switch (message.Type)
        {
            case "forward":
                Forward(connection, message.To, message.Data);
                break;
            case "register":
                var refusal = _directory.Register(connection.Id, message.Hostname);
                Send(connection, refusal is null
                    ? SmokeAnswers.RegisterOk(message.RequestId, message.Hostname)
                    : SmokeAnswers.RegisterFail(message.RequestId, refusal));
                break;
            case "lookup":
                Send(connection, SmokeAnswers.LookupOk(message.RequestId, _directory.Lookup(message.Hostname)));
                break;
        }
    }

    /// <summary>The sender's address is the hub's word, not the page's; who is not there is not missed.</summary>
    private void Forward(HubConnection from, string to, JsonElement data)
    {
        if (_directory.TryFind(to, out var session) && _clients.TryGetValue(session, out var receiver))
        {
            Forwarded++;
            Send(receiver.Connection, SmokeAnswers.Forward(to, _directory.AddressOf(from.Id)!, data));
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
