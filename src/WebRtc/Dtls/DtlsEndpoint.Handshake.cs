using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Overlay.WebRtc.Dtls;

/// <summary>The handshake: feeding libssl, keeping the last flight, sending it again.</summary>
public sealed unsafe partial class DtlsEndpoint
{
    /// <summary>Copies of a client flight that libssl makes at once: at 50 ms doubling they last beyond 6 s.</summary>
    private const uint FlightCopies = 7;

    /// <summary>An answer to a repeated message waits so long after the last, so that a flight of several datagrams is answered once.</summary>
    private static readonly TimeSpan MinRepeatDelay = TimeSpan.FromMilliseconds(10);

    private Instant _deadline = Instant.Never;
    private Instant _retransmitAt = Instant.Never;
    private Instant _repeatableAt;
    private TimeSpan _timeout;
    private int _highestPeerMessage = -1;
    private int _answeredPeerMessage = -1;

    /// <summary>A datagram from the peer. Anything may come: what is not DTLS is dropped and counted.</summary>
    public void Receive(Instant now, ReadOnlySpan<byte> datagram)
    {
        if (!DtlsRecords.LooksLikeDtls(datagram))
        {
            DroppedCount++;
            return;
        }

        switch (State)
        {
            case DtlsState.New when _early.Count < MaxEarlyDatagrams:
                _early.Add(datagram.ToArray());
                break;
            case DtlsState.Handshaking when (int)LibSsl.BioPending(_readBio) + datagram.Length <= MaxHeldBytes:
                ReceiveHandshake(now, datagram);
                break;
            case DtlsState.Connected:
                Feed(datagram);
                if (!_flight.IsEmpty)
                {
                    RepeatLastFlightIfAsked(now, datagram);
                }

                break;
            default:
                DroppedCount++;
                break;
        }
    }

    /// <summary>Lets time pass: sends the last flight again, or gives up.</summary>
    public void Advance(Instant now)
    {
        if (State != DtlsState.Handshaking)
        {
            return;
        }

        if (now >= _deadline)
        {
            Fail(DtlsFailure.HandshakeTimeout);
        }
        else if (now >= _retransmitAt)
        {
            _timeout = TimeSpan.FromTicks(Math.Min(_timeout.Ticks * 2, _options.MaxRetransmissionTimeout.Ticks));
            _retransmitAt = now + _timeout;
            SendLastFlightAgain(now);
        }
    }

    /// <summary>libssl's timer for a server: 71 minutes, which no handshake lives to see.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static uint TimerOff(nint ssl, uint microseconds) => uint.MaxValue;

    /// <summary>
    /// libssl's timer for a client. libssl calls it first with 0 and then with what it returned, and counts anything below 15 ms as expired:
    /// so it repeats a new flight at once <see cref="FlightCopies"/> times, with new record numbers each, and then never again.
    /// </summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static uint MakeCopiesThenTimerOff(nint ssl, uint microseconds) =>
        microseconds < FlightCopies ? microseconds + 1 : uint.MaxValue;

    private void ReceiveHandshake(Instant now, ReadOnlySpan<byte> datagram)
    {
        var isRepeated = NotePeerMessages(datagram);
        Feed(datagram);
        var hasNewFlight = DriveHandshake(now);
        if (isRepeated && !hasNewFlight && State == DtlsState.Handshaking && now >= _repeatableAt)
        {
            SendLastFlightAgain(now);
        }
    }

    /// <summary>A server that is done has no timer any more: the client's repeated flight is what brings its own last one back.</summary>
    private void RepeatLastFlightIfAsked(Instant now, ReadOnlySpan<byte> datagram)
    {
        var records = new DtlsRecords(datagram);
        var isAsked = false;
        while (records.MoveNext())
        {
            isAsked |= records.IsHandshake;
        }

        if (isAsked && Role == DtlsRole.Server && now >= _repeatableAt)
        {
            SendLastFlightAgain(now);
        }
    }

    /// <summary>Whether the datagram repeats a message that our last flight has answered already.</summary>
    private bool NotePeerMessages(ReadOnlySpan<byte> datagram)
    {
        var isRepeated = false;
        var records = new DtlsRecords(datagram);
        while (records.MoveNext())
        {
            if (records.TryGetMessage(out var sequence, out _))
            {
                isRepeated |= sequence <= _answeredPeerMessage;
                _highestPeerMessage = Math.Max(_highestPeerMessage, sequence);
            }
            else
            {
                isRepeated |= records.IsHandshake && _isHandshakeDone;
            }
        }

        return isRepeated;
    }

    private void Feed(ReadOnlySpan<byte> datagram)
    {
        fixed (byte* source = datagram)
        {
            _ = LibSsl.BioWrite(_readBio, source, datagram.Length);
        }
    }

    /// <summary>Lets libssl go as far as it can. True when it had something new to say.</summary>
    private bool DriveHandshake(Instant now)
    {
        if (_isHandshakeDone)
        {
            return false;
        }

        LibSsl.ClearErrors();
        var result = LibSsl.DoHandshake(_ssl);
        var error = result == 1 ? 0 : LibSsl.GetError(_ssl, result);
        var hasNewFlight = TakeFlight(now);
        if (result == 1)
        {
            _isHandshakeDone = true;
            _retransmitAt = Instant.Never; // The other side's last flight needs no answer, ours is repeated on request.
            CompleteIfVerified();
        }
        else if (error != LibSsl.ErrorWantRead)
        {
            FailFromLibrary();
        }

        return hasNewFlight;
    }

    /// <summary>Whatever libssl has written is the next flight, and the peer's last one is thereby answered.</summary>
    private bool TakeFlight(Instant now)
    {
        var output = RentOutput(out var length);
        var isFlight = length is > 0 and <= DtlsFlight.MaxBytes;
        if (isFlight)
        {
            _flight.Replace(output.AsSpan(0, length));
            _answeredPeerMessage = _highestPeerMessage;
            _timeout = _options.RetransmissionTimeout;
            _retransmitAt = now + _timeout;
            _repeatableAt = now + MinRepeatDelay;
        }

        ReturnOutput(output);
        return isFlight;
    }

    private void SendLastFlightAgain(Instant now)
    {
        if (_flight.IsEmpty)
        {
            return;
        }

        RetransmissionCount++;
        _repeatableAt = now + MinRepeatDelay;
        _flight.SendAgain();
    }

    private void CompleteIfVerified()
    {
        if (_isHandshakeDone && _promised is { } promised && _shown is { } shown && promised.Matches(shown))
        {
            State = DtlsState.Connected;
            if (Role == DtlsRole.Client && !_flight.IsPending)
            {
                _flight.Clear(); // The server's Finished says that it has ours.
            }
        }
    }

    /// <summary>libssl has no more plaintext: usually it waits for a datagram, at the end it says why.</summary>
    private void HandleReadEnd(int result)
    {
        var error = LibSsl.GetError(_ssl, result);
        switch (error)
        {
            case LibSsl.ErrorZeroReturn:
                _ = LibSsl.Shutdown(_ssl); // RFC 5246 §7.2.1: answer a close_notify with one.
                State = DtlsState.Closed;
                AppendOutput();
                break;
            case LibSsl.ErrorSsl:
                FailFromLibrary();
                break;
            default:
                // A repeated Finished makes libssl repeat its own last flight, record numbers and all.
                AppendOutput();
                break;
        }
    }

    private void FailFromLibrary()
    {
        var code = LibSsl.TakeError();
        var reason = (int)(code & 0xFFF);
        var text = stackalloc byte[256];
        LibSsl.ErrorText(code, text, 256);
        FailureDetail = Marshal.PtrToStringUTF8((nint)text) ?? "";
        LibSsl.ClearErrors();

        var isMismatch = _promised is { } promised && _shown is { } shown && !promised.Matches(shown);
        if (isMismatch)
        {
            Fail(DtlsFailure.FingerprintMismatch);
        }
        else if (reason is >= LibSsl.AlertReasonOffset and < LibSsl.AlertReasonOffset + 256)
        {
            AlertNumber = reason - LibSsl.AlertReasonOffset;
            Fail(DtlsFailure.Alert);
        }
        else
        {
            Fail(DtlsFailure.Protocol);
        }

        AppendOutput();
    }

    private void Fail(DtlsFailure failure)
    {
        State = DtlsState.Failed;
        Failure = failure;
        _retransmitAt = _deadline = Instant.Never;
    }
}
