using System.Buffers;
using System.Runtime.InteropServices;

namespace Overlay.WebRtc.Dtls;

/// <summary>One end of a DTLS 1.2 connection: datagrams in, datagrams out, no socket and no clock of its own.</summary>
/// <remarks>
/// <para>Handles: <see cref="Receive"/>, <see cref="Advance"/>. Commands: <see cref="Start"/>, <see cref="SetPeerFingerprint"/>,
/// <see cref="Protect"/>, <see cref="Close"/>. After each of them take what <see cref="TryGetData"/> and <see cref="TryGetDatagram"/> give until
/// both say no, then wait for the next datagram or for <see cref="WakeAt"/>.</para>
/// <para>libssl does the cryptography through memory BIOs. Its own timer is off (<see cref="TimerOff"/>): flights are kept and sent again here,
/// so that a handshake runs in virtual time. Its randomness is the one thing about a run that a seed does not repeat.</para>
/// <para>One owner, one thread at a time. <see cref="Dispose"/> frees the native half; there is no finalizer.</para>
/// </remarks>
public sealed unsafe partial class DtlsEndpoint : IDisposable
{
    /// <summary>Bytes a record adds to its plaintext at most: header 13, explicit nonce 8, tag 16 (AES-GCM; ChaCha20 adds 29).</summary>
    public const int MaxOverhead = 37;

    /// <summary>Datagrams kept that came before <see cref="Start"/>: a ClientHello in two fragments, sent three times.</summary>
    private const int MaxEarlyDatagrams = 6;

    /// <summary>Bytes libssl may hold undelivered while the fingerprint is awaited; datagrams beyond are dropped.</summary>
    private const int MaxHeldBytes = 64 * 1024;

    private readonly DtlsOptions _options;
    private readonly DtlsFlight _flight = new();
    private readonly List<byte[]> _early = [];
    private nint _ssl;
    private nint _readBio;
    private nint _writeBio;
    private GCHandle _self;
    private Fingerprint? _promised;
    private Fingerprint? _shown;
    private bool _isHandshakeDone;

    /// <summary>Makes an endpoint that waits to be started.</summary>
    /// <param name="role">Client or server half of the handshake.</param>
    /// <param name="certificate">Our identity; shared, and not owned.</param>
    /// <param name="options">Sizes and deadlines.</param>
    /// <exception cref="ObjectDisposedException">The certificate is disposed.</exception>
    public DtlsEndpoint(DtlsRole role, DtlsCertificate certificate, DtlsOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        _options = options ?? new DtlsOptions();
        _options.Validate();
        Role = role;
        _ssl = LibSsl.New(certificate.Context);
        _readBio = LibSsl.BioNew(LibSsl.MemoryBioMethod());
        _writeBio = LibSsl.BioNew(LibSsl.MemoryBioMethod());
        LibSsl.SetBio(_ssl, _readBio, _writeBio); // The SSL owns both from here.
        _ = LibSsl.Control(_ssl, LibSsl.CtrlSetMtu, _options.PacketSize, nint.Zero);
        _self = GCHandle.Alloc(this, GCHandleType.Weak);
        _ = LibSsl.SetExtraData(_ssl, 0, GCHandle.ToIntPtr(_self));
        if (role == DtlsRole.Client)
        {
            LibSsl.SetTimerCallback(_ssl, &MakeCopiesThenTimerOff);
            LibSsl.SetConnectState(_ssl);
        }
        else
        {
            LibSsl.SetTimerCallback(_ssl, &TimerOff);
            LibSsl.SetAcceptState(_ssl);
        }
    }

    /// <summary>Client or server.</summary>
    public DtlsRole Role { get; }

    /// <summary>Where the endpoint is in its life.</summary>
    public DtlsState State { get; private set; }

    /// <summary>Why it failed, if it did.</summary>
    public DtlsFailure Failure { get; private set; }

    /// <summary>The alert behind <see cref="DtlsFailure.Alert"/>, 0 … 255.</summary>
    public int AlertNumber { get; private set; }

    /// <summary>libssl's own words for <see cref="DtlsFailure.Protocol"/> and <see cref="DtlsFailure.Alert"/>; for logs only.</summary>
    public string FailureDetail { get; private set; } = "";

    /// <summary>What the peer's certificate really is; null before it was shown.</summary>
    public Fingerprint? PeerFingerprint => _shown;

    /// <summary>The suite in use, by OpenSSL's name; empty before the ServerHello.</summary>
    public string CipherSuite =>
        _ssl != 0 && LibSsl.GetCurrentCipher(_ssl) is var cipher && cipher != 0
            ? Marshal.PtrToStringUTF8(LibSsl.CipherName(cipher)) ?? ""
            : "";

    /// <summary>Datagrams that were dropped unread: not DTLS, too early and too many, or too late.</summary>
    public long DroppedCount { get; private set; }

    /// <summary>Flights sent again, by timer or because the peer repeated itself.</summary>
    public int RetransmissionCount { get; private set; }

    /// <summary>When <see cref="Advance"/> is wanted next.</summary>
    public Instant WakeAt => State == DtlsState.Handshaking ? Instant.Min(_retransmitAt, _deadline) : Instant.Never;

    /// <summary>Begins the handshake: a client sends its hello, a server reads what came early.</summary>
    public void Start(Instant now)
    {
        if (State != DtlsState.New)
        {
            return;
        }

        State = DtlsState.Handshaking;
        _deadline = now + _options.HandshakeTimeout;
        DriveHandshake(now);
        foreach (var datagram in _early)
        {
            Receive(now, datagram);
        }

        _early.Clear();
    }

    /// <summary>Says which certificate the peer must show. May come at any time; until then the connection does not complete.</summary>
    public void SetPeerFingerprint(Instant now, in Fingerprint fingerprint)
    {
        _promised = fingerprint;
        if (State != DtlsState.Handshaking || _shown is not { } shown)
        {
            return;
        }

        if (!shown.Matches(fingerprint))
        {
            // The handshake may be over already, and then libssl has no alert left for this: close_notify tells the peer.
            _ = LibSsl.Shutdown(_ssl);
            Fail(DtlsFailure.FingerprintMismatch);
            AppendOutput();
            return;
        }

        CompleteIfVerified();
    }

    /// <summary>Seals one packet into one datagram. Returns its length, or 0 when not connected.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The datagram has less room than the packet and <see cref="MaxOverhead"/>.</exception>
    public int Protect(ReadOnlySpan<byte> plaintext, Span<byte> datagram)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(datagram.Length, plaintext.Length + MaxOverhead, nameof(datagram));
        if (State != DtlsState.Connected || plaintext.IsEmpty)
        {
            return 0;
        }

        fixed (byte* source = plaintext)
        fixed (byte* target = datagram)
        {
            LibSsl.ClearErrors();
            var written = LibSsl.Write(_ssl, source, plaintext.Length);
            return written == plaintext.Length ? Math.Max(0, LibSsl.BioRead(_writeBio, target, datagram.Length)) : 0;
        }
    }

    /// <summary>Takes the plaintext of one record. False when there is none, or while the peer is not verified.</summary>
    /// <param name="buffer">At least 2,048 bytes; a longer record is dropped, as SCTP packets never are that long here.</param>
    /// <param name="length">Bytes written.</param>
    public bool TryGetData(Span<byte> buffer, out int length)
    {
        length = 0;
        while (State == DtlsState.Connected)
        {
            int read;
            fixed (byte* target = buffer)
            {
                LibSsl.ClearErrors();
                read = LibSsl.Read(_ssl, target, buffer.Length);
                if (read <= 0)
                {
                    HandleReadEnd(read);
                    return false;
                }

                if (LibSsl.Pending(_ssl) == 0)
                {
                    length = read;
                    _flight.Clear(); // Data under the new keys: the peer has our last flight.
                    return true;
                }

                while (LibSsl.Pending(_ssl) > 0 && LibSsl.Read(_ssl, target, buffer.Length) > 0)
                {
                    // The rest of a record that did not fit.
                }

                DroppedCount++;
            }
        }

        return false;
    }

    /// <summary>Takes one datagram of the handshake or of the goodbye. Data goes through <see cref="Protect"/>.</summary>
    public bool TryGetDatagram(Span<byte> buffer, out int length)
    {
        length = 0;
        return _flight.IsPending && _flight.TryTake(buffer, _options.PacketSize, out length);
    }

    /// <summary>Says goodbye: a close_notify waits in <see cref="TryGetDatagram"/> afterwards if there was a connection.</summary>
    public void Close(Instant now)
    {
        if (State is DtlsState.Failed or DtlsState.Closed)
        {
            return;
        }

        if (_isHandshakeDone)
        {
            _ = LibSsl.Shutdown(_ssl);
            AppendOutput();
        }

        State = DtlsState.Closed;
    }

    /// <summary>Frees the native half. What <see cref="TryGetDatagram"/> still holds can be taken before, not after.</summary>
    public void Dispose()
    {
        if (_ssl == 0)
        {
            return;
        }

        LibSsl.Free(_ssl); // Both BIOs go with it.
        _ssl = _readBio = _writeBio = 0;
        _self.Free();
        _flight.Clear();
        _early.Clear();
        if (State != DtlsState.Failed)
        {
            State = DtlsState.Closed;
        }
    }

    internal static DtlsEndpoint? OfNative(nint ssl)
    {
        var handle = LibSsl.GetExtraData(ssl, 0);
        return handle == 0 ? null : GCHandle.FromIntPtr(handle).Target as DtlsEndpoint;
    }

    /// <summary>Called by libssl in the middle of the handshake. Unknown yet is a yes that <see cref="CompleteIfVerified"/> takes back.</summary>
    internal bool AcceptsCertificate(in Fingerprint shown)
    {
        _shown = shown;
        return _promised is not { } promised || promised.Matches(shown);
    }

    /// <summary>Reads all that libssl wants to send into a rented buffer.</summary>
    private byte[] RentOutput(out int length)
    {
        length = 0;
        var pending = (int)LibSsl.BioPending(_writeBio);
        if (pending == 0)
        {
            return [];
        }

        var rented = ArrayPool<byte>.Shared.Rent(pending);
        fixed (byte* target = rented)
        {
            length = Math.Max(0, LibSsl.BioRead(_writeBio, target, pending));
        }

        return rented;
    }

    private void AppendOutput()
    {
        var output = RentOutput(out var length);
        if (length > 0)
        {
            _flight.Append(output.AsSpan(0, length));
        }

        ReturnOutput(output);
    }

    private static void ReturnOutput(byte[] output)
    {
        if (output.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(output);
        }
    }
}
