using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Overlay.WebRtc;
using Overlay.WebRtc.Peer;

namespace Overlay.InteropPeer;

/// <summary>Counts and hashes what comes on a <c>sink</c> channel.</summary>
internal sealed class Sink
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _bytes;
    private long _messages;

    public void Add(ReadOnlySpan<byte> payload)
    {
        _hash.AppendData(payload);
        _bytes += payload.Length;
        _messages++;
    }

    public JsonObject ReportAndReset()
    {
        var report = new JsonObject
        {
            ["bytes"] = _bytes,
            ["messages"] = _messages,
            ["sha256"] = Convert.ToHexStringLower(_hash.GetHashAndReset()),
        };
        (_bytes, _messages) = (0, 0);
        return report;
    }
}

/// <summary>Sends a lot on one channel, as fast as the send buffer takes it, and tells what a sink at the other end must find.</summary>
internal sealed class BulkSender(ChannelId channel, long total, int messageSize, Action<JsonObject> done)
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _message = new byte[messageSize];
    private readonly long _begunAt = Stopwatch.GetTimestamp();
    private Prng _prng = new((ulong)messageSize);
    private long _left = total;
    private long _sent;
    private long _messages;
    private int _pending;

    /// <summary>True when something was handed to the connection.</summary>
    public bool SendMore(Instant now, PeerConnection peer)
    {
        var hasSent = false;
        while (_left > 0 || _pending > 0)
        {
            if (_pending == 0)
            {
                _pending = (int)Math.Min(messageSize, _left);
                _prng.Fill(_message.AsSpan(0, _pending));
                _hash.AppendData(_message.AsSpan(0, _pending));
                _left -= _pending;
            }

            var outcome = peer.Send(now, channel, _message.AsSpan(0, _pending), isText: false);
            if (outcome == SendOutcome.BufferFull)
            {
                return hasSent;
            }

            if (outcome != SendOutcome.Accepted)
            {
                done(new JsonObject { ["error"] = outcome.ToString() });
                return hasSent;
            }

            hasSent = true;
            _messages++;
            _sent += _pending;
            _pending = 0;
        }

        if (peer.BufferedAmount(channel) > 0)
        {
            return hasSent; // Accepted is not sent: the time is told when the last packet has left.
        }

        done(new JsonObject
        {
            ["bytes"] = _sent,
            ["messages"] = _messages,
            ["sha256"] = Convert.ToHexStringLower(_hash.GetHashAndReset()),
            ["milliseconds"] = Math.Round(Stopwatch.GetElapsedTime(_begunAt).TotalMilliseconds, 1),
        });
        return hasSent;
    }
}
