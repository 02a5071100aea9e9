using System.Security.Cryptography;
using System.Text;
using Overlay.Identity;
using Overlay.Messages;

namespace Overlay.Runtime.Hubs;

/// <summary>What a node remembers of its network across restarts, besides its key: the certificate it had, what it was granted, and where one is admitted.</summary>
/// <remarks>
/// <code>
/// overlay memory 1
/// certificate &lt;base64; or -&gt;
/// delegation &lt;base64; or -&gt;
/// hub &lt;base64&gt;            where a hub can be dialled, in its own signed words; once for each, at most 8
/// seed &lt;address&gt;          once for each, at most 8, the surest first
/// check &lt;SHA-256 of the lines above, hex&gt;
/// </code>
/// <para>Nothing of it is secret, and nothing of it is needed: a file that is torn or missing is an empty memory. Replaced as a whole, like the identity beside it.</para>
/// </remarks>
internal sealed class NodeMemory
{
    /// <summary>The file's name in the data directory.</summary>
    public const string FileName = "memory";

    private const string Title = "overlay memory 1";
    private const int MaxFileBytes = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly string? _path;
    private NodeCertificate? _certificate;
    private Delegation? _delegation;
    private List<string> _seeds = [];
    private List<HubPlace> _hubs = [];

    private NodeMemory(string? path) => _path = path;

    /// <summary>The certificate of this key, as it was last.</summary>
    public NodeCertificate? Certificate => _certificate;

    /// <summary>The right to introduce others that a hub granted last.</summary>
    public Delegation? Delegation => _delegation;

    /// <summary>Where one is admitted to the network, the surest first.</summary>
    public IReadOnlyList<string> Seeds
    {
        get
        {
            lock (_gate)
            {
                return [.. _seeds];
            }
        }
    }

    /// <summary>Where hubs of the network can be dialled. What was read from disk says nothing yet about its truth.</summary>
    public IReadOnlyList<HubPlace> Hubs
    {
        get
        {
            lock (_gate)
            {
                return [.. _hubs];
            }
        }
    }

    /// <summary>Whether a file was there that could not be read as one of these: told, and forgotten.</summary>
    public bool WasDamaged { get; private set; }

    /// <summary>Opens the memory in a data directory that exists; null: one that ends with the run.</summary>
    public static NodeMemory Open(string? directory)
    {
        var memory = new NodeMemory(directory is null ? null : Path.Combine(Path.GetFullPath(directory), FileName));
        memory.Load();
        return memory;
    }

    /// <summary>Whether an address can be remembered: a hub's, and not too long.</summary>
    public static bool IsSeed(string address) =>
        address.Length <= Admitted.MaxSeedLength
        && address.All(static c => c is > ' ' and < (char)127)
        && Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && uri.Scheme is "ws" or "wss";

    /// <summary>Where the node was admitted, and what it was told there. What it was told never pushes out more than what it was told before.</summary>
    public void Learn(string? admittedAt, IReadOnlyList<string> told)
    {
        lock (_gate)
        {
            var seeds = new List<string>();
            if (admittedAt is not null && IsSeed(admittedAt))
            {
                seeds.Add(admittedAt);
            }

            var known = _seeds.Where(seed => !seeds.Contains(seed)).ToList();
            var news = told.Where(IsSeed).Where(seed => !seeds.Contains(seed) && !known.Contains(seed)).ToList();
            var room = Admitted.MaxSeeds - seeds.Count;
            var keep = Math.Max(room / 2, room - news.Count); // Half of the places stay with those that were remembered, whatever is told.
            seeds.AddRange(known.Take(keep));
            seeds.AddRange(news.Take(Admitted.MaxSeeds - seeds.Count));
            _seeds = seeds;
        }
    }

    /// <summary>The node's certificate is this one now.</summary>
    public void Remember(NodeCertificate certificate) => _certificate = certificate;

    /// <summary>A hub granted this.</summary>
    public void Remember(Delegation delegation) => _delegation = delegation;

    /// <summary>A hub can be dialled there.</summary>
    public void Remember(HubPlace place)
    {
        lock (_gate)
        {
            _hubs.RemoveAll(known => known.Number == place.Number);
            if (_hubs.Count < KnownHubs.MaxPlaces)
            {
                _hubs.Add(place);
            }
        }
    }

    /// <summary>Brings it to disk. False where that failed: a restart will know less.</summary>
    public bool TrySave()
    {
        if (_path is null)
        {
            return true;
        }

        lock (_gate)
        {
            var text = new StringBuilder(Title).Append('\n');
            text.Append("certificate ").Append(_certificate is { } certificate ? Convert.ToBase64String(certificate.Encoded) : "-").Append('\n');
            text.Append("delegation ").Append(_delegation is { } delegation ? Convert.ToBase64String(delegation.Encoded) : "-").Append('\n');
            foreach (var hub in _hubs)
            {
                text.Append("hub ").Append(Convert.ToBase64String(hub.Encoded)).Append('\n');
            }

            foreach (var seed in _seeds)
            {
                text.Append("seed ").Append(seed).Append('\n');
            }

            var lines = text.ToString();
            try
            {
                File.WriteAllText(_path + ".new", $"{lines}check {CheckOf(lines)}\n", Encoding.ASCII);
                File.Move(_path + ".new", _path, overwrite: true);
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    private static string CheckOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)));

    private void Load()
    {
        if (_path is null || !File.Exists(_path))
        {
            return;
        }

        try
        {
            WasDamaged = new FileInfo(_path).Length > MaxFileBytes || !TryParse(File.ReadAllText(_path, Encoding.ASCII));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            WasDamaged = true;
        }

        if (WasDamaged)
        {
            (_certificate, _delegation, _seeds, _hubs) = (null, null, [], []);
        }
    }

    private bool TryParse(string text)
    {
        var end = text.LastIndexOf("check ", StringComparison.Ordinal);
        if (end < 0 || text[end..] != $"check {CheckOf(text[..end])}\n")
        {
            return false;
        }

        var lines = text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines is [Title, var certificate, var delegation, ..]
            && TryRead(certificate, "certificate ", out var encodedCertificate)
            && TryRead(delegation, "delegation ", out var encodedDelegation)
            && (encodedCertificate.Length == 0 || NodeCertificate.TryRead(encodedCertificate, out _certificate!))
            && (encodedDelegation.Length == 0 || Delegation.TryRead(encodedDelegation, out _delegation!))
            && lines[3..].All(line => line.StartsWith("hub ", StringComparison.Ordinal) ? TryTakeHub(line) : TryTakeSeed(line));
    }

    private bool TryTakeHub(string line)
    {
        if (_hubs.Count == KnownHubs.MaxPlaces || !TryRead(line, "hub ", out var encoded) || !HubPlace.TryRead(encoded, out var place))
        {
            return false;
        }

        _hubs.Add(place);
        return true;
    }

    private bool TryTakeSeed(string line)
    {
        if (!line.StartsWith("seed ", StringComparison.Ordinal) || _seeds.Count == Admitted.MaxSeeds || !IsSeed(line[5..]))
        {
            return false;
        }

        _seeds.Add(line[5..]);
        return true;
    }

    private static bool TryRead(string line, string name, out byte[] value)
    {
        value = [];
        if (!line.StartsWith(name, StringComparison.Ordinal))
        {
            return false;
        }

        if (line[name.Length..] == "-")
        {
            return true;
        }

        value = new byte[line.Length];
        var isBase64 = Convert.TryFromBase64String(line[name.Length..], value, out var length);
        value = value[..length];
        return isBase64 && length > 0;
    }
}
