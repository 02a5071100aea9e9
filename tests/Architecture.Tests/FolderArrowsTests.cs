namespace Overlay.Architecture.Tests;

public sealed class FolderArrowsTests(ITestOutputHelper output)
{
    [Fact]
    public void Rooms_of_Overlay_use_only_rooms_to_their_left() => Verdict.None(FolderArrows.Violations(Rooms.OfOverlay, Repository.Sources));

    [Fact]
    public void Rooms_of_WebRtc_are_strangers_that_only_Peer_composes() => Verdict.None(FolderArrows.Violations(Rooms.OfWebRtc, Repository.Sources));

    [Fact]
    public void The_judge_understands_the_names_it_judges()
    {
        foreach (var rooms in new[] { Rooms.OfOverlay, Rooms.OfWebRtc })
        {
            var (understood, names) = FolderArrows.Reach(rooms, Repository.Sources);
            output.WriteLine($"{rooms.Folder}: {understood} of {names} names understood");

            Assert.True(names > 0 && understood >= names * 0.99, $"{rooms.Folder}: only {understood} of {names} names understood");
        }
    }

    [Fact]
    public void Namespaces_follow_the_folders_in_both_cores()
    {
        Verdict.None(FolderArrows.NamespaceViolations(Rooms.OfOverlay, Repository.Sources));
        Verdict.None(FolderArrows.NamespaceViolations(Rooms.OfWebRtc, Repository.Sources));
    }

    [Fact]
    public void The_hub_uses_nothing_of_WebRtc_but_the_STUN_codec() => Verdict.None(FolderArrows.HubViolations(Repository.Sources));

    [Theory]
    [InlineData("using Overlay.Chord; namespace Overlay.Ring; class A;", "Ring may not use Chord")]
    [InlineData("namespace Overlay.Ring; class A { Overlay.Chord.Fingers? F; }", "Ring may not use Chord")]
    [InlineData("namespace Overlay.Ring; class A { Chord.Fingers? F; }", "Ring may not use Chord")]
    [InlineData("namespace Overlay.Ring; class A { OverlayNode? N; }", "Ring may not use OverlayNode")]
    [InlineData("using F = Overlay.Chord.Fingers; namespace Overlay.Ring; class A;", "Ring may not use Chord")]
    [InlineData("using Overlay.Checks; namespace Overlay.Ring; class A;", "Ring may not use Checks")]
    [InlineData("namespace Overlay.Ring; class A { int N() => Overlay.Chord.Fingers.Count; }", "Ring may not use Chord")]
    public void A_use_of_a_room_to_the_right_is_seen(string source, string mentions)
    {
        RepositoryFile[] sources = [.. SmallCore(), new("src/Overlay/Ring/A.cs", source)];

        Verdict.One(FolderArrows.Violations(Rooms.OfOverlay, sources), mentions);
    }

    [Theory]
    [InlineData("src/Overlay/Tree/A.cs", "using Overlay.Chord; namespace Overlay.Tree; class A;", "Tree may not use Chord")]
    [InlineData("src/Overlay/Chord/A.cs", "namespace Overlay.Chord; class A { Tree.Parent? P; }", "Chord may not use Tree")]
    [InlineData("src/Overlay/OverlayNode.Late.cs", "using Overlay.Admission; namespace Overlay; class A;", "OverlayNode may not use Admission")]
    [InlineData("src/Overlay/Prng.cs", "using Overlay.Chord; namespace Overlay; class Prng;", "the basics may not use Chord")]
    [InlineData("src/Overlay/Checks/A.cs", "using Overlay.Admission; namespace Overlay.Checks; class A;", "Checks may not use Admission")]
    [InlineData("src/Overlay/Helpers/A.cs", "namespace Overlay.Helpers; class A;", "no place in the chain")]
    public void A_use_of_a_stranger_is_seen(string path, string source, string mentions)
    {
        RepositoryFile[] sources = [.. SmallCore(), new(path, source)];

        Verdict.One(FolderArrows.Violations(Rooms.OfOverlay, sources), mentions);
    }

    [Theory]
    [InlineData("src/Overlay/Checks/A.cs", "using Overlay.Chord; namespace Overlay.Checks; class A { Fingers? F; OverlayNode? N; }")]
    [InlineData("src/Overlay/Admission/A.cs", "using Overlay.Chord; namespace Overlay.Admission; class A { Fingers? F; Ring.Id I; }")]
    [InlineData("src/Overlay/Chord/A.cs", "using Overlay.Ring; namespace Overlay.Chord; class A { Id I; Coin C; }")]
    [InlineData("src/Overlay/OverlayNode.Late.cs", "using Overlay.Chord; using Overlay.Tree; namespace Overlay; class A { Fingers? F; Parent? P; }")]
    [InlineData("src/Overlay/Ring/A.cs", "namespace Overlay.Ring; /* Overlay.Chord.Fingers */ class A { string S = \"using Overlay.Chord;\"; int Chord; int N() => Chord; }")]
    public void A_use_to_the_left_and_words_that_are_not_names_are_fine(string path, string source)
    {
        RepositoryFile[] sources = [.. SmallCore(), new(path, source)];

        Verdict.None(FolderArrows.Violations(Rooms.OfOverlay, sources));
    }

    [Theory]
    [InlineData("src/WebRtc/Stun/A.cs", "using Overlay.WebRtc.Ice; namespace Overlay.WebRtc.Stun; class A;", "Stun may not use Ice")]
    [InlineData("src/WebRtc/Sctp/A.cs", "namespace Overlay.WebRtc.Sctp; class A { Dtls.Endpoint? E; }", "Sctp may not use Dtls")]
    [InlineData("src/WebRtc/Basics/A.cs", "namespace Overlay.WebRtc; class A { Dtls.Endpoint? E; }", "the basics may not use Dtls")]
    [InlineData("src/WebRtc/Dcep/A.cs", "namespace Overlay.WebRtc.Dcep; class A { Peer.Connection? E; }", "Dcep may not use Peer")]
    public void Rooms_of_WebRtc_that_meet_without_Peer_are_seen(string path, string source, string mentions)
    {
        RepositoryFile[] sources =
        [
            new("src/WebRtc/Ice/Agent.cs", "namespace Overlay.WebRtc.Ice; class Agent;"),
            new("src/WebRtc/Dtls/Endpoint.cs", "namespace Overlay.WebRtc.Dtls; class Endpoint;"),
            new("src/WebRtc/Peer/Connection.cs", "using Overlay.WebRtc.Dtls; namespace Overlay.WebRtc.Peer; class Connection { Endpoint? E; Ice.Agent? A; }"),
            new(path, source),
        ];

        Verdict.One(FolderArrows.Violations(Rooms.OfWebRtc, sources), mentions);
    }

    [Theory]
    [InlineData("src/Overlay/Chord/A.cs", "namespace Overlay.Ring; class A;")]
    [InlineData("src/Overlay/A.cs", "namespace Overlay.Chord; class A;")]
    [InlineData("src/Overlay/Chord/Inner/A.cs", "namespace Overlay.Inner { class A; }")]
    public void A_namespace_that_leaves_its_folder_is_seen(string path, string source) =>
        Verdict.One(FolderArrows.NamespaceViolations(Rooms.OfOverlay, [new RepositoryFile(path, source)]), "its folder says");

    [Theory]
    [InlineData("using Overlay.WebRtc.Peer;")]
    [InlineData("class A { Overlay.WebRtc.Dtls.DtlsEndpoint? E; }")]
    [InlineData("namespace Overlay.Hub; class A { object E = WebRtc.Sctp.Association.New(); }")]
    public void A_hub_that_speaks_more_than_STUN_is_seen(string source) =>
        Assert.NotEmpty(FolderArrows.HubViolations([new RepositoryFile("src/Hub/A.cs", source)]));

    [Fact]
    public void A_hub_that_answers_STUN_is_fine() =>
        Verdict.None(FolderArrows.HubViolations([new RepositoryFile(
            "src/Hub/A.cs", "using Overlay.WebRtc; using Overlay.WebRtc.Stun; // not Overlay.WebRtc.Peer\nclass A { Overlay.WebRtc.Instant I; }")]));

    private static RepositoryFile[] SmallCore() =>
    [
        new("src/Overlay/Ring/Id.cs", "namespace Overlay.Ring; struct Id;"),
        new("src/Overlay/Coin.cs", "namespace Overlay; struct Coin;"),
        new("src/Overlay/Chord/Fingers.cs", "namespace Overlay.Chord; class Fingers { public static int Count; }"),
        new("src/Overlay/Tree/Parent.cs", "namespace Overlay.Tree; class Parent;"),
        new("src/Overlay/Admission/Desk.cs", "namespace Overlay.Admission; class Desk;"),
        new("src/Overlay/Checks/RingCheck.cs", "namespace Overlay.Checks; class RingCheck;"),
        new("src/Overlay/OverlayNode.cs", "namespace Overlay; class OverlayNode { Chord.Fingers? F; }"),
    ];
}
