using System.Globalization;

namespace Overlay.WebRtc.Ice;

/// <content>Candidates of both sides, and the pairs they make (RFC 8445 §5.1, §6.1.2; RFC 8838 §8, §10).</content>
public sealed partial class IceAgent
{
    private readonly List<LocalCandidate> _locals = [];
    private readonly List<Candidate> _localCandidates = [];
    private readonly List<Candidate> _localReflexive = [];
    private readonly List<RemoteCandidate> _remotes = [];

    /// <summary>Our candidates, to be told to the other side.</summary>
    public IReadOnlyList<Candidate> LocalCandidates => _localCandidates;

    /// <summary>Addresses the other side has seen us from that are none of our candidates; nobody needs to be told.</summary>
    public IReadOnlyList<Candidate> LocalReflexiveCandidates => _localReflexive;

    /// <summary>Whether the other side has said that no more candidates come (RFC 8838 §14).</summary>
    public bool HasEndOfRemoteCandidates { get; private set; }

    /// <summary>Adds a host candidate on a path of the host's.</summary>
    /// <param name="path">The path its datagrams leave by.</param>
    /// <param name="address">The address the other side can reach it at.</param>
    /// <param name="localPreference">0 … 65,535, or null for the default: IPv6, IPv4, link-local, loopback, each in order of addition.</param>
    /// <returns>The candidate to tell the other side; null when it is there already, unusable, or one too many.</returns>
    public Candidate? AddLocalCandidate(PathId path, TransportAddress address, int? localPreference = null)
    {
        if (!address.IsUsableAsRemote || State is IceState.Failed or IceState.Closed || HasLocal(path, address))
        {
            return null;
        }

        if (_locals.Count >= _options.MaxLocalCandidates)
        {
            Counters.OverBound++;
            return null;
        }

        var preference = localPreference ?? DefaultPreference(address);
        var candidate = new Candidate
        {
            Foundation = FoundationOf(address),
            Priority = CandidatePriority.Of(CandidateKind.Host, preference),
            Address = address,
            Kind = CandidateKind.Host,
            Ufrag = LocalCredentials.Ufrag,
        };
        var local = new LocalCandidate(path, candidate, preference);
        _locals.Add(local);
        _localCandidates.Add(candidate);
        foreach (var remote in _remotes)
        {
            FormPair(local, remote);
        }

        return candidate;
    }

    /// <summary>
    /// Takes a candidate of the other side, before or after its credentials. Names (mDNS), TCP and unusable addresses are passed over.
    /// </summary>
    /// <returns>False when it was passed over or is one too many.</returns>
    public bool AddRemoteCandidate(Instant now, Candidate candidate)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        _now = now;
        if (!candidate.IsCheckable || State is IceState.Failed or IceState.Closed || IsOfForeignGeneration(candidate))
        {
            Counters.Ignored++;
            return false;
        }

        if (FindRemote(candidate.Address) is { } known)
        {
            // A check from there was faster than signalling (RFC 8838 §11.4): the pairs stay, the candidate gets its told name.
            known.Candidate = candidate;
            _pairs.Reprioritise(Role);
            return true;
        }

        return AddRemote(candidate) is not null;
    }

    /// <summary>Notes that the other side has told all its candidates.</summary>
    public void EndOfRemoteCandidates(Instant now)
    {
        _now = now;
        HasEndOfRemoteCandidates = true;
    }

    /// <summary>
    /// Whether an authenticated check has come from there, or a pair with it exists. What is no STUN (an early DTLS hello) and comes
    /// from elsewhere can be dropped.
    /// </summary>
    public bool IsKnownRemote(PathId path, TransportAddress remote)
    {
        if (_pairs.Find(path, remote) is not null || (_heldPair is { } held && held.Path == path && held.Remote == remote))
        {
            return true;
        }

        foreach (var early in _earlyChecks)
        {
            if (early.Path == path && early.Remote == remote)
            {
                return true;
            }
        }

        return false;
    }

    private bool IsOfForeignGeneration(Candidate candidate) =>
        candidate.Ufrag is { } ufrag && RemoteCredentials is { } remote && !string.Equals(ufrag, remote.Ufrag, StringComparison.Ordinal);

    /// <summary>Candidates that came before the credentials and turn out to belong to another generation.</summary>
    private void DropForeignGenerations() => Counters.Ignored += _remotes.RemoveAll(remote => IsOfForeignGeneration(remote.Candidate));

    private RemoteCandidate? AddRemote(Candidate candidate)
    {
        if (_remotes.Count >= _options.MaxRemoteCandidates)
        {
            Counters.OverBound++;
            return null;
        }

        var remote = new RemoteCandidate(candidate);
        _remotes.Add(remote);
        foreach (var local in _locals)
        {
            FormPair(local, remote);
        }

        return remote;
    }

    private void FormAllPairs()
    {
        foreach (var remote in _remotes)
        {
            foreach (var local in _locals)
            {
                FormPair(local, remote);
            }
        }
    }

    /// <summary>Makes the pair if the two can reach each other and it is not there yet (RFC 8445 §6.1.2.2, §6.1.2.4).</summary>
    private void FormPair(LocalCandidate local, RemoteCandidate remote)
    {
        if (RemoteCredentials is null || !CanReach(local.Address, remote.Address))
        {
            return;
        }

        if (_pairs.Find(local.Path, remote.Address) is { } twin)
        {
            // Same base, same remote: the local candidate of higher priority names the pair, and it is checked once.
            twin.Local = local.Priority > twin.Local.Priority ? local : twin.Local;
            twin.Reprioritise(Role);
            return;
        }

        AddPair(local, remote);
    }

    private CandidatePair? AddPair(LocalCandidate local, RemoteCandidate remote)
    {
        var pair = new CandidatePair(local, remote);
        pair.Reprioritise(Role);
        pair.State = IsWorthChecking(pair) ? PairState.Waiting : PairState.Idle;
        if (_pairs.TryAdd(pair))
        {
            return pair;
        }

        Counters.OverBound++;
        return null;
    }

    private static bool CanReach(in TransportAddress local, in TransportAddress remote) =>
        local.IsIPv6 == remote.IsIPv6
        && local.IsLoopback == remote.IsLoopback

        // RFC 8445 §6.1.2.2: IPv6 link-local addresses are paired with each other only.
        && (!local.IsIPv6 || local.IsLinkLocal == remote.IsLinkLocal);

    private bool HasLocal(PathId path, in TransportAddress address)
    {
        foreach (var local in _locals)
        {
            if (local.Path == path && local.Address == address)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The candidate of ours that a datagram from <paramref name="remote"/> on <paramref name="path"/> came to.</summary>
    private LocalCandidate? FindLocal(PathId path, in TransportAddress remote)
    {
        LocalCandidate? best = null;
        foreach (var local in _locals)
        {
            if (local.Path == path && local.Address.IsIPv6 == remote.IsIPv6
                && (best is null || (CanReach(local.Address, remote) && !CanReach(best.Address, remote))))
            {
                best = local;
            }
        }

        return best;
    }

    private RemoteCandidate? FindRemote(in TransportAddress address)
    {
        foreach (var remote in _remotes)
        {
            if (remote.Address == address)
            {
                return remote;
            }
        }

        return null;
    }

    /// <summary>
    /// IPv6 before IPv4 (RFC 8421 §4), routable before link-local before loopback; within a group the earlier before the later.
    /// </summary>
    private int DefaultPreference(in TransportAddress address)
    {
        var group = (address.IsLoopback, address.IsLinkLocal, address.IsIPv6) switch
        {
            (true, _, _) => 0x1000,
            (_, true, _) => 0x4000,
            (_, _, false) => 0x8000,
            _ => 0xC000,
        };
        return group + 0xFFF - _locals.Count;
    }

    /// <summary>Same kind, same base address, same transport, no server: same foundation (RFC 8445 §5.1.1.3).</summary>
    private string FoundationOf(in TransportAddress address)
    {
        foreach (var local in _locals)
        {
            if (local.Address.WithPort(0) == address.WithPort(0))
            {
                return local.Candidate.Foundation;
            }
        }

        return (_locals.Count + 1).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>RFC 8445 §7.2.5.3.1: an answer that shows an address none of our candidates has, teaches us a new one.</summary>
    private void LearnLocal(CandidatePair pair, in TransportAddress mapped)
    {
        var isKnown = _localReflexive.Count >= _options.MaxLocalCandidates;
        foreach (var local in _locals)
        {
            isKnown |= local.Address == mapped;
        }

        foreach (var learnt in _localReflexive)
        {
            isKnown |= learnt.Address == mapped;
        }

        if (!isKnown)
        {
            _localReflexive.Add(new Candidate
            {
                Foundation = string.Create(CultureInfo.InvariantCulture, $"{_locals.Count + _localReflexive.Count + 1}"),
                Priority = pair.Local.CheckPriority,
                Address = mapped,
                Kind = CandidateKind.PeerReflexive,
                RelatedAddress = pair.Local.Address,
                Ufrag = LocalCredentials.Ufrag,
            });
        }
    }

    /// <summary>RFC 8445 §7.3.1.3: a check from an address nobody told us of teaches us a peer-reflexive candidate.</summary>
    private RemoteCandidate? LearnRemote(in TransportAddress from, uint? priority)
    {
        if (_remotes.Count >= _options.MaxRemoteCandidates)
        {
            Counters.OverBound++;
            return null;
        }

        var remote = new RemoteCandidate(new Candidate
        {
            Foundation = string.Create(CultureInfo.InvariantCulture, $"prflx{_remotes.Count}"),
            Priority = priority ?? CandidatePriority.Of(CandidateKind.PeerReflexive, 0),
            Address = from,
            Kind = CandidateKind.PeerReflexive,
        });
        _remotes.Add(remote);
        return remote;
    }
}
