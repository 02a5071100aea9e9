using Overlay.Messages;

namespace Overlay.Tests.Messages;

public sealed class LinkTranscriptTests
{
    private readonly World _world = new();

    [Fact]
    public void Both_ends_prove_themselves_over_the_same_transcript()
    {
        var transcript = Transcript();

        var fromOfferer = transcript.Prove(_world.Signing(1), _world.Contact(1));
        var fromAnswerer = transcript.Prove(_world.Signing(2), _world.Contact(2));

        Assert.True(transcript.Verify(_world.Signing(2), _world.Contact(1).Id, fromOfferer));
        Assert.True(transcript.Verify(_world.Signing(1), _world.Contact(2).Id, fromAnswerer));
    }

    [Fact]
    public void A_reflected_proof_is_none()
    {
        var transcript = Transcript();
        var own = transcript.Prove(_world.Signing(1), _world.Contact(1));

        Assert.False(transcript.Verify(_world.Signing(1), _world.Contact(2).Id, own));
        var turned = transcript with { Offerer = transcript.Answerer, Answerer = transcript.Offerer };
        Assert.False(turned.Verify(_world.Signing(1), _world.Contact(1).Id, own));
    }

    [Fact]
    public void A_proof_fits_one_link_only()
    {
        var transcript = Transcript();
        var proof = transcript.Prove(_world.Signing(1), _world.Contact(1));
        var peer = _world.Contact(1).Id;
        var judge = _world.Signing(2);

        Assert.False((transcript with { OfferNonce = 3 }).Verify(judge, peer, proof));
        Assert.False((transcript with { AnswerNonce = 3 }).Verify(judge, peer, proof));
        Assert.False((transcript with { OffererFingerprint = Samples.Bytes(33).AsMemory(1) }).Verify(judge, peer, proof));
        Assert.False((transcript with { AnswererFingerprint = Samples.Bytes(32) }).Verify(judge, peer, proof));
        Assert.False((transcript with { AnswererFingerprint = default }).Verify(judge, peer, proof));
        Assert.False(transcript.Verify(judge, peer, proof with { Instance = 2 }));
        Assert.False(transcript.Verify(judge, peer, proof with { Version = 2 }));
        Assert.False(transcript.Verify(judge, peer, proof with { Certificate = _world.Certificate(3) }));
        Assert.False(transcript.Verify(judge, peer, proof with { Signature = default }));
    }

    private LinkTranscript Transcript() =>
        new(_world.Contact(1).Id, _world.Contact(2).Id, 1, 2, Samples.Bytes(32), Samples.Bytes(40).AsMemory(8));
}
