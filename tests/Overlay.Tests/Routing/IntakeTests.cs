using Overlay.Effects;
using Overlay.Identity;
using Overlay.Messages;
using Overlay.Names;
using Overlay.Routing;
using Overlay.Simulator.Ports;
using Overlay.Time;

namespace Overlay.Tests.Routing;

/// <summary>The door of a node, on its own: what is signed by somebody of whom it has never heard.</summary>
public sealed class IntakeTests
{
    private readonly World _world = new();
    private readonly NodeContext _context;
    private readonly Intake _intake;

    public IntakeTests()
    {
        _context = new(OverlayOptions.Default, _world.Signing(2), null, new SeededSecrets(2), 1, 1) { Outbox = new(), Now = World.At(100) };
        _context.Certificates.Trust(_world.Hub.PublicKey);
        _context.Self = _world.Contact(2);
        _intake = new(_context, new Courier(_context));
    }

    [Fact]
    public void A_stranger_that_offers_a_name_shows_who_it_is_and_need_not_be_asked()
    {
        Assert.True(Arrives(shown: _world.Certificate(3)));

        Assert.True(_context.Certificates.TryFind(_world.Contact(3).Id, out _));
        Assert.Equal(Instant.Never, _intake.NextDue);
    }

    [Fact]
    public void A_copy_of_a_stranger_that_shows_nothing_waits_for_its_certificate()
    {
        Assert.False(Arrives(shown: null));

        Assert.NotEqual(Instant.Never, _intake.NextDue);
    }

    [Fact]
    public void Who_shows_anothers_certificate_or_one_that_is_not_in_force_is_not_listened_to()
    {
        Assert.False(Arrives(_world.Certificate(4)));
        Assert.False(Arrives(_world.Certificate(3, notBefore: World.StartUnixSeconds + World.DaySeconds)));

        Assert.Equal(Instant.Never, _intake.NextDue);
    }

    private bool Arrives(NodeCertificate? shown)
    {
        var record = NameRecordSecurity.Sign(_world.Signing(5), "alice", _world.Certificate(5), 1, 1, World.At(150).UnixMilliseconds);
        var tenancy = NameTenancySecurity.Sign(_world.Signing(4), record, _world.Certificate(4), 1, World.At(50).UnixMilliseconds, World.At(90).UnixMilliseconds);
        var body = new SignedBody { Instance = 1, ExpiresAt = World.At(110).UnixMilliseconds, Payload = new Replicate(9, [new(record, tenancy)]) { Certificate = shown } };
        var message = new Message
        {
            Kind = MessageKind.Replicate,
            Flags = MessageFlags.Responsible,
            Source = _world.Contact(3).Id,
            Destination = NodeName.KeyOf("alice"),
            MessageId = 7,
            Body = body,
        };
        MessageSecurity.Sign(message, body, _world.Signing(3));
        return _intake.TryOpen(World.At(100), message, new LinkId(1), null, out _, out _);
    }
}
