using System.Net;
using Overlay.Admission;

namespace Overlay.Hub;

/// <summary>How a hub is run. Defaults suit a hub that only this machine reaches.</summary>
public sealed record HubOptions
{
    /// <summary>Bytes of a WebSocket message at the most, in either protocol; a longer one closes its session with code 1009.</summary>
    public const int MaxFrameBytes = 256 * 1024;

    /// <summary>The address to listen on. Used by <see cref="HubServer"/> only.</summary>
    /// <value>Default loopback. On another address <see cref="Open"/> or <see cref="Tokens"/> is needed.</value>
    public IPAddress Listen { get; init; } = IPAddress.Loopback;

    /// <summary>The port to listen on; 0 takes a free one. Used by <see cref="HubServer"/> only.</summary>
    /// <value>Default 5000; 0 … 65535.</value>
    public int Port { get; init; } = 5000;

    /// <summary>Where others dial this hub, <c>ws://…</c> or <c>wss://…</c>: told to its members, who call it there when it comes back, also those that never saw it.</summary>
    /// <value>Default null: where it listens, if that is one address (<see cref="HubServer"/> only); else members that introduce say where they found it.</value>
    public string? Address { get; init; }

    /// <summary>Where key, secret and founded mark are kept, owner-only.</summary>
    /// <value>Default null: in memory, so a restart is another network.</value>
    public string? DataDirectory { get; init; }

    /// <summary>Admit anybody. New keys cost nothing then: not resistant to many identities of one party.</summary>
    public bool Open { get; init; }

    /// <summary>Join tokens; who shows one is admitted. Pages of the Smoke protocol show it as <c>?token=…</c>.</summary>
    public IReadOnlyList<string> Tokens { get; init; } = [];

    /// <summary>The hub's number among the hubs of its network.</summary>
    /// <value>Default 0; 0 … 255. Only number 0, which made the network's key, lets newcomers found it.</value>
    public int HubNumber { get; init; }

    /// <summary>The secret by which a node becomes the root of a tree, at the beginning or in place of the root that there is.</summary>
    /// <value>Default empty: nobody does, and the first newcomer founds the network. With a secret nobody founds it but who knows that.</value>
    public string RootSecret { get; init; } = "";

    /// <summary>STUN and TURN servers told to nodes and pages.</summary>
    public IceConfiguration Ice { get; init; } = IceConfiguration.None;

    /// <summary>UDP port of the hub's own STUN responder; 0 takes a free one.</summary>
    /// <value>Default null: none. The customary port is 3478.</value>
    public int? StunPort { get; init; }

    /// <summary>Time between keep-alive pings, and how long an answer may take.</summary>
    /// <value>Default 16 s: a dead client is gone after 32 s.</value>
    public TimeSpan KeepAlivePeriod { get; init; } = TimeSpan.FromSeconds(16);

    /// <summary>How long a closing handshake may take before the socket is aborted.</summary>
    /// <value>Default 2 s.</value>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Messages that may wait for one slow client; one more closes it.</summary>
    /// <value>Default 2,048: bursts of small messages are no slowness.</value>
    public int MaxQueuedMessages { get; init; } = 2048;

    /// <summary>Bytes that may wait for one slow client; more close it.</summary>
    /// <value>Default 2 MiB.</value>
    public int MaxQueuedBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>Pages of the Smoke protocol that may be connected.</summary>
    /// <value>Default 10,000; the next one is closed with code 1013.</value>
    public int MaxPages { get; init; } = 10_000;

    /// <summary>Messages that one page may send.</summary>
    /// <value>Default 1,000 a second, burst 4,000; more close it with code 1008.</value>
    public Rate MessagesPerPage { get; init; } = new(1000, 4000);

    /// <summary>Where a member introduces and this is its endpoint: with what right.</summary>
    /// <value>Default null: this is a hub of its own.</value>
    public HubDelegate? Delegate { get; init; }

    /// <summary>Members that this hub lets introduce newcomers at a time; 0: none may.</summary>
    /// <value>Default 64; 0 … 1,024.</value>
    public int MaxDelegates { get; init; } = 64;

    /// <summary>Addresses of other hubs of the network that newcomers are told to remember.</summary>
    /// <value>Default empty; at most 8.</value>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>Admission in detail; null follows from the other options.</summary>
    /// <remarks>Quotas of <see cref="HubAdmissionOptions.Loopback"/> where only this machine reaches the hub, else the defaults.</remarks>
    public HubAdmissionOptions? Admission { get; init; }

    /// <summary>Hears who is admitted and who holds the gateway slots, on the hub's loop: must be quick and must not throw.</summary>
    /// <value>Default null: nobody does.</value>
    public Action<HubObservation, Ring.RingId>? OnObserved { get; init; }

    /// <summary>Throws where an option is out of range or contradicts another.</summary>
    /// <exception cref="HubException"><see cref="HubError.InvalidOptions"/>; the message names option and cure.</exception>
    public void Validate()
    {
        Within(Port, 0, 65535, nameof(Port));
        Within(StunPort ?? 0, 0, 65535, nameof(StunPort));
        Within(HubNumber, 0, 255, nameof(HubNumber));
        Within(MaxQueuedMessages, 1, 1_000_000, nameof(MaxQueuedMessages));
        Within(MaxQueuedBytes, MaxFrameBytes, int.MaxValue, nameof(MaxQueuedBytes));
        Within(MaxPages, 0, 10_000_000, nameof(MaxPages));
        Positive(KeepAlivePeriod, nameof(KeepAlivePeriod));
        Positive(CloseTimeout, nameof(CloseTimeout));
        if (Open && Tokens.Count > 0)
        {
            throw new HubException(HubError.InvalidOptions, "Open and Tokens exclude each other: an open hub asks for no token.");
        }

        try
        {
            ToAdmission().Validate();
        }
        catch (ArgumentException e)
        {
            throw new HubException(HubError.InvalidOptions, e.Message, e);
        }
    }

    /// <summary>The name of the type alone: secrets are among its values, and what is written out ends in logs and dumps.</summary>
    public override string ToString() => nameof(HubOptions);

    /// <summary>Whether newcomers are admitted at all.</summary>
    internal bool AdmitsNewcomers => ToAdmission().Policy != AdmissionPolicy.Closed;

    internal HubAdmissionOptions ToAdmission()
    {
        var isLoopback = IPAddress.IsLoopback(Listen);
        var basis = Admission ?? (isLoopback ? HubAdmissionOptions.Loopback : new HubAdmissionOptions());
        var policy = Tokens.Count > 0 ? AdmissionPolicy.Tokens
            : Open ? AdmissionPolicy.Open
            : Admission?.Policy ?? (isLoopback ? AdmissionPolicy.Open : AdmissionPolicy.Closed);
        return basis with
        {
            Policy = policy,
            Tokens = Tokens.Count > 0 ? Tokens : basis.Tokens,
            HubNumber = HubNumber,
            RootSecret = RootSecret.Length > 0 ? RootSecret : basis.RootSecret,
            CanFound = basis.CanFound && HubNumber == 0,
            MaxDelegates = Admission?.MaxDelegates ?? MaxDelegates,
            Seeds = Seeds.Count > 0 ? Seeds : basis.Seeds,
            Address = Address ?? basis.Address,
            Ice = Ice,
        };
    }

    private static void Within(int value, int from, int to, string name)
    {
        if (value < from || value > to)
        {
            throw new HubException(HubError.InvalidOptions, $"{name}: {value} is not in {from} … {to}.");
        }
    }

    private static void Positive(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero)
        {
            throw new HubException(HubError.InvalidOptions, $"{name}: {value} is not a positive duration.");
        }
    }
}

/// <summary>With what right a member introduces newcomers.</summary>
/// <param name="Signing">The member's own key.</param>
/// <param name="Delegation">What the network's hub granted to that key.</param>
/// <param name="HubKey">The key of that hub, 64 bytes.</param>
public sealed record HubDelegate(Identity.ISigning Signing, Identity.Delegation Delegation, ReadOnlyMemory<byte> HubKey)
{
    /// <summary>Where hubs can be dialled, as far as the member knows: told to newcomers.</summary>
    /// <value>Default empty; at most 8 are told.</value>
    public IReadOnlyList<Identity.HubPlace> Hubs { get; init; } = [];
}
