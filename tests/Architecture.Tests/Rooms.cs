namespace Overlay.Architecture.Tests;

/// <summary>The rooms of one core: which folder is which room, and which rooms a room may use.</summary>
/// <param name="Folder">Where the core lies, from the repository root.</param>
/// <param name="RootNamespace">The namespace of the basics, and the beginning of every other one.</param>
/// <param name="MayUse">Room → rooms it may use; the basics are understood and need not be listed.</param>
/// <param name="BasicsFolders">Folders whose files count as basics, beside the files that lie in no folder.</param>
/// <param name="TopFiles">Beginnings of root-level file names that belong to the last room of the chain.</param>
internal sealed record Rooms(
    string Folder,
    string RootNamespace,
    IReadOnlyDictionary<string, string[]> MayUse,
    string[] BasicsFolders,
    string[] TopFiles)
{
    public const string Basics = "the basics";
    public const string Top = "OverlayNode";

    /// <summary>Rooms of one row do not know each other; each may use all rows above it.</summary>
    private static readonly string[][] Chain =
    [
        ["Ring", "Time"], ["Identity"], ["Wire"], ["Messages"], ["Effects"], ["Links"], ["Chord", "Tree"], ["Names", "Broadcast", "Peers", "Channels"],
        ["Routing"], ["Signalling"], [Top],
    ];

    public static Rooms OfOverlay { get; } = new("src/Overlay", "Overlay", OverlayArrows(), [], ["OverlayNode", "Node"]);

    public static Rooms OfWebRtc { get; } = new("src/WebRtc", "Overlay.WebRtc", WebRtcArrows(), ["Basics"], []);

    public bool Owns(RepositoryFile file) => file.IsUnder(Folder);

    /// <summary>The room of a file, or null where its folder has no place in the chain.</summary>
    public string? RoomOf(string path)
    {
        var parts = path[(Folder.Length + 1)..].Split('/');
        if (parts.Length == 1)
        {
            return TopFiles.Any(start => parts[0].StartsWith(start, StringComparison.Ordinal)) ? Top : Basics;
        }

        if (BasicsFolders.Contains(parts[0]))
        {
            return Basics;
        }

        var room = parts[0] == "Node" && MayUse.ContainsKey(Top) ? Top : parts[0];
        return MayUse.ContainsKey(room) ? room : null;
    }

    /// <summary>The room that a namespace stands for, or null for the root namespace and for everybody else's.</summary>
    public string? RoomOfNamespace(string name)
    {
        if (!name.StartsWith(RootNamespace + ".", StringComparison.Ordinal))
        {
            return null;
        }

        var first = name[(RootNamespace.Length + 1)..].Split('.')[0];
        return MayUse.ContainsKey(first) ? first : null;
    }

    public bool Allows(string from, string to) => from == to || to == Basics || (MayUse.TryGetValue(from, out var rooms) && rooms.Contains(to));

    /// <summary>The namespaces that a file may declare: its room's, or that and any number of the folders below it.</summary>
    public IReadOnlyList<string> NamespacesOf(string path)
    {
        var folders = path[(Folder.Length + 1)..].Split('/')[..^1];
        var room = RoomOf(path);
        if (room is Basics or Top)
        {
            return [RootNamespace];
        }

        var names = new List<string>();
        for (var depth = 1; depth <= folders.Length; depth++)
        {
            names.Add($"{RootNamespace}.{string.Join('.', folders[..depth])}");
        }

        return names;
    }

    private static Dictionary<string, string[]> OverlayArrows()
    {
        var arrows = new Dictionary<string, string[]>(StringComparer.Ordinal) { [Basics] = Chain[0] };
        for (var row = 0; row < Chain.Length; row++)
        {
            foreach (var room in Chain[row])
            {
                arrows[room] = [.. Chain[..row].SelectMany(rooms => rooms)];
            }
        }

        // The hub as a machine and the checkers stand beside the chain: they look at all of it, and nobody looks at them.
        arrows["Admission"] = arrows["Checks"] = [.. Chain.SelectMany(rooms => rooms)];
        return arrows;
    }

    private static Dictionary<string, string[]> WebRtcArrows() => new(StringComparer.Ordinal)
    {
        [Basics] = [],
        ["Stun"] = [],
        ["Ice"] = ["Stun"],
        ["Dtls"] = [],
        ["Sctp"] = [],
        ["Dcep"] = ["Sctp"],
        ["Sdp"] = [],
        ["Rtp"] = [],
        ["Peer"] = ["Stun", "Ice", "Dtls", "Sctp", "Dcep", "Sdp", "Rtp"],
    };
}
