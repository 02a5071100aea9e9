using Overlay.Identity;

namespace Overlay.Admission;

/// <summary>Whom a hub admits.</summary>
public enum AdmissionPolicy : byte
{
    /// <summary>Nobody new; members may attach.</summary>
    Closed,

    /// <summary>Who shows a join token.</summary>
    Tokens,

    /// <summary>Anybody. New keys cost nothing then, so this is not resistant to many identities of one party.</summary>
    Open,
}

/// <summary>The tunables of a hub's admission. Defaults suit a hub that strangers can reach.</summary>
public sealed record HubAdmissionOptions
{
    /// <summary>For a hub that only this machine reaches (embedded, demo, tests, simulator): open, and limits that no honest start meets.</summary>
    public static readonly HubAdmissionOptions Loopback = new()
    {
        Policy = AdmissionPolicy.Open,
        AdmissionsPerPrefix = new(10_000, 10_000),
        Admissions = new(10_000, 10_000),
        Attachments = new(10_000, 10_000),
        MaxSessionsPerPrefix = 4096,
    };

    /// <summary>Whom to admit.</summary>
    /// <value>Default <see cref="AdmissionPolicy.Closed"/>: opening is a decision.</value>
    public AdmissionPolicy Policy { get; init; } = AdmissionPolicy.Closed;

    /// <summary>The join tokens that <see cref="AdmissionPolicy.Tokens"/> accepts.</summary>
    public IReadOnlyList<string> Tokens { get; init; } = [];

    /// <summary>The hub's number among the hubs of its network.</summary>
    /// <value>Default 0; 0 … 255.</value>
    public int HubNumber { get; init; }

    /// <summary>Whether newcomers may found the network here. Only the hub that made the network's key may allow it.</summary>
    /// <value>Default true.</value>
    public bool CanFound { get; init; } = true;

    /// <summary>The secret by which a node becomes the root of a tree, at the beginning or in place of the root that there is.</summary>
    /// <value>Default empty: nobody does, and the first newcomer founds the network. With a secret nobody founds it but who knows that.</value>
    public string RootSecret { get; init; } = "";

    /// <summary>How long a hub whose network was founded waits for a gateway before it lets somebody found it again.</summary>
    /// <value>Default 20 s (mechanisms §4).</value>
    /// <remarks>Twice the gateways' longest back-off: a living network shows itself before a second one can begin.</remarks>
    public TimeSpan FoundAgainAfter { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The same, while what it granted to members that introduce is in force: they may have let in others who do not know it yet.</summary>
    /// <value>Default 45 s: such a member asks for the hub every half a minute, and tells the others of it.</value>
    public TimeSpan FoundAgainWithDelegates { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Where others dial this hub, <c>ws://…</c> or <c>wss://…</c>: signed, and handed from member to member.</summary>
    /// <value>Default empty: not known (yet, see <see cref="HubAdmission.Announce"/>); members that introduce say it instead.</value>
    public string Address { get; init; } = "";

    /// <summary>How long a founder may take to attach before its place is free for another.</summary>
    /// <value>Default 15 s.</value>
    public TimeSpan FounderTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>When newcomers ask again while somebody is founding.</summary>
    /// <value>Default 250 ms.</value>
    public TimeSpan RetryWhileFounding { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>When newcomers ask again while no gateway is here.</summary>
    /// <value>Default 1 s.</value>
    public TimeSpan RetryWithoutGateway { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a session may stay without being admitted or attached.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan HalfOpenTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an admitted session that is no gateway may be silent.</summary>
    /// <value>Default 60 s. Longer than a join, shorter than the patience of a socket table.</value>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Sessions at the most; the next one takes the place of the longest half-open one, or is closed.</summary>
    /// <value>Default 4,096.</value>
    public int MaxSessions { get; init; } = 4096;

    /// <summary>Sessions of one origin at the most.</summary>
    /// <value>Default 1,024: a large office behind one address.</value>
    public int MaxSessionsPerPrefix { get; init; } = 1024;

    /// <summary>First admissions of sessions of one origin.</summary>
    /// <value>Default 10 a second, burst 64.</value>
    public Rate AdmissionsPerPrefix { get; init; } = new(10, 64);

    /// <summary>First admissions of all sessions together.</summary>
    /// <value>Default 100 a second, burst 200.</value>
    public Rate Admissions { get; init; } = new(100, 200);

    /// <summary>First attachments of all sessions together; apart from <see cref="Admissions"/>, so a flood of newcomers does not keep members out.</summary>
    /// <value>Default 100 a second, burst 200.</value>
    public Rate Attachments { get; init; } = new(100, 200);

    /// <summary>Requests for admission or slots over one session.</summary>
    /// <value>Default 8 a second, burst 32: a newcomer that is told to retry stays well below.</value>
    public Rate RequestsPerSession { get; init; } = new(8, 32);

    /// <summary>Messages of one newcomer that the hub passes on.</summary>
    /// <value>Default 200 a second, burst 400. More are dropped (<see cref="DropReason.Quota"/>).</value>
    public Rate MessagesPerNewcomer { get; init; } = new(200, 400);

    /// <summary>Signals that one page may send into the overlay, and as many that it may be sent from there.</summary>
    /// <value>Default 100 a second, burst 500: an offer and its candidates for dozens of peers at once. More are dropped, the page stays.</value>
    public Rate SignalsPerGuest { get; init; } = new(100, 500);

    /// <summary>Messages for pages that one gateway may bring: each costs a signature or two.</summary>
    /// <value>Default 500 a second, burst 2,000. More are dropped (<see cref="DropReason.Quota"/>), unseen.</value>
    public Rate SignalsPerGateway { get; init; } = new(500, 2000);

    /// <summary>Names that one page may register or look up in the overlay.</summary>
    /// <value>Default 20 a second, burst 100. More are answered <see cref="Outcome.Busy"/>.</value>
    public Rate NamesPerGuest { get; init; } = new(20, 100);

    /// <summary>How long a page waits for the overlay's directory.</summary>
    /// <value>Default 5 s; then it is told so.</value>
    public TimeSpan NameTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between two refreshes of a page's name.</summary>
    /// <value>Default 30 s; the same as <see cref="OverlayOptions.NameRefreshPeriod"/> of the network's members.</value>
    public TimeSpan NameRefreshPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Origins whose quotas are remembered.</summary>
    /// <value>Default 4,096; the one unused longest is forgotten, which gives it a full bucket.</value>
    public int MaxPrefixes { get; init; } = 4096;

    /// <summary>Keys whose newest instance and certificate are remembered.</summary>
    /// <value>Default 65,536; the one unseen longest is forgotten, its id stays the same.</value>
    public int MaxKnownKeys { get; init; } = 65_536;

    /// <summary>Life of a certificate; renewal at half of it.</summary>
    /// <value>Default 14 days.</value>
    public TimeSpan CertificateLife { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Members that may introduce newcomers at a time; 0: none may.</summary>
    /// <value>Default 64; 0 … 1,024. One more is refused (<see cref="Messages.AdmitRefusal.TooMany"/>).</value>
    public int MaxDelegates { get; init; } = 64;

    /// <summary>How long a member may introduce without having met the hub again; it asks for another delegation at half of it.</summary>
    /// <value>Default 30 days. Certificates issued under it end with it.</value>
    public TimeSpan DelegationLife { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Certificates that a member may issue under one delegation.</summary>
    /// <value>Default 10,000; 1 … 1,000,000.</value>
    public int AdmissionsPerDelegation { get; init; } = 10_000;

    /// <summary>Addresses of the other hubs (for a delegate: of itself and the hubs it knows) that newcomers are told to remember.</summary>
    /// <value>Default empty; at most 8, each at most 256 characters.</value>
    public IReadOnlyList<string> Seeds { get; init; } = [];

    /// <summary>STUN and TURN servers told to newcomers and gateways.</summary>
    public IceConfiguration Ice { get; init; } = IceConfiguration.None;

    /// <summary>The name of the type alone: secrets are among its values, and what is written out ends in logs and dumps.</summary>
    public override string ToString() => nameof(HubAdmissionOptions);

    /// <summary>Throws where an option is out of its range.</summary>
    /// <exception cref="ArgumentException">The message names the option and its range.</exception>
    public void Validate()
    {
        Positive(FoundAgainAfter, nameof(FoundAgainAfter));
        Positive(FoundAgainWithDelegates, nameof(FoundAgainWithDelegates));
        if (Address.Length > 0 && !Identity.HubPlace.IsAddress(Address))
        {
            throw new ArgumentException($"Address: '{Address}' is no address of a hub; it begins with ws:// or wss:// and has at most {Identity.HubPlace.MaxAddressLength} characters.");
        }

        Positive(FounderTimeout, nameof(FounderTimeout));
        Positive(RetryWhileFounding, nameof(RetryWhileFounding));
        Positive(RetryWithoutGateway, nameof(RetryWithoutGateway));
        Positive(HalfOpenTimeout, nameof(HalfOpenTimeout));
        Positive(IdleTimeout, nameof(IdleTimeout));
        Positive(CertificateLife, nameof(CertificateLife));
        Positive(DelegationLife, nameof(DelegationLife));
        Within(MaxDelegates, 0, 1024, nameof(MaxDelegates));
        Within(AdmissionsPerDelegation, 1, 1_000_000, nameof(AdmissionsPerDelegation));
        Within(Seeds.Count, 0, Messages.Admitted.MaxSeeds, nameof(Seeds));
        AdmissionsPerPrefix.Validate(nameof(AdmissionsPerPrefix));
        Admissions.Validate(nameof(Admissions));
        Attachments.Validate(nameof(Attachments));
        RequestsPerSession.Validate(nameof(RequestsPerSession));
        MessagesPerNewcomer.Validate(nameof(MessagesPerNewcomer));
        SignalsPerGuest.Validate(nameof(SignalsPerGuest));
        SignalsPerGateway.Validate(nameof(SignalsPerGateway));
        NamesPerGuest.Validate(nameof(NamesPerGuest));
        Positive(NameTimeout, nameof(NameTimeout));
        Positive(NameRefreshPeriod, nameof(NameRefreshPeriod));
        Within(HubNumber, 0, 255, nameof(HubNumber));
        Within(MaxSessions, Messages.Attach.SlotCount + 1, 1_000_000, nameof(MaxSessions));
        Within(MaxSessionsPerPrefix, 1, 1_000_000, nameof(MaxSessionsPerPrefix));
        Within(MaxPrefixes, 1, 1_000_000, nameof(MaxPrefixes));
        Within(MaxKnownKeys, 1, 16_000_000, nameof(MaxKnownKeys));
        if (Policy == AdmissionPolicy.Tokens && Tokens.Count == 0)
        {
            throw new ArgumentException("Tokens: a hub that admits by token needs at least one token.");
        }

        Ice.Validate();
    }

    private static void Positive(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero)
        {
            throw new ArgumentException($"{name}: {value} is not a positive duration.");
        }
    }

    private static void Within(int value, int from, int to, string name)
    {
        if (value < from || value > to)
        {
            throw new ArgumentException($"{name}: {value} is not in {from} … {to}.");
        }
    }
}

/// <summary>Who a hub is.</summary>
/// <param name="Signing">Signs certificates with the hub's key, which names the network.</param>
/// <param name="Secrets">Challenges come from here.</param>
/// <param name="CaSecret">32 bytes from which the nonces of positions are drawn; whoever knows it can choose positions.</param>
public sealed record HubIdentity(ISigning Signing, ISecrets Secrets, ReadOnlyMemory<byte> CaSecret)
{
    /// <summary>Bytes of the secret.</summary>
    public const int CaSecretBytes = 32;

    /// <summary>Where a member introduces: what the hub granted to <see cref="Signing"/>'s key. Null for a hub.</summary>
    public Delegation? Delegation { get; init; }

    /// <summary>Where a member introduces: the hub's key, 64 bytes.</summary>
    public ReadOnlyMemory<byte> NetworkKey { get; init; }
}
