using Overlay.Identity;

namespace Overlay.Tests.Identity;

public sealed class CertificateStoreTests
{
    private readonly World _world = new();

    [Fact]
    public void A_certificate_is_verified_once_and_shared()
    {
        var store = _world.Store(9);
        Assert.True(store.TryAdd(World.At(0), _world.Certificate(1), out var first));

        Assert.True(store.TryAdd(World.At(0), _world.Certificate(1), out var second));

        Assert.Same(first, second);
        Assert.Equal(1, store.VerifyCount);
        Assert.True(store.TryGet(first.Hash, out var third));
        Assert.Same(first, third);
    }

    [Fact]
    public void Nothing_is_believed_before_a_hub_is_trusted()
    {
        var store = new CertificateStore(_world.Signing(9));

        Assert.False(store.TryAdd(World.At(0), _world.Certificate(1), out _));
    }

    [Fact]
    public void What_the_hub_did_not_sign_costs_one_check_however_often_it_comes()
    {
        var store = _world.Store(9);
        var encoded = _world.Certificate(1).Encoded.ToArray();
        encoded[^1] ^= 1;
        Assert.True(NodeCertificate.TryRead(encoded, out var forged));

        for (var i = 0; i < 100; i++)
        {
            Assert.False(store.TryAdd(World.At(0), forged, out _));
        }

        Assert.Equal(1, store.VerifyCount);
        Assert.Equal(0, store.Count);
    }

    [Fact]
    public void A_certificate_of_another_network_is_refused()
    {
        Assert.False(_world.Store(9).TryAdd(World.At(0), new World(2).Certificate(1), out _));
    }

    [Fact]
    public void A_certificate_whose_time_comes_later_is_taken_later()
    {
        var store = _world.Store(9);
        var certificate = _world.Certificate(1, World.StartUnixSeconds + 1000, 1000);

        Assert.False(store.TryAdd(World.At(0), certificate, out _));
        Assert.True(store.TryAdd(World.At(1500), certificate, out _));
        Assert.False(store.TryAdd(World.At(3000), certificate, out _));
    }

    [Fact]
    public void A_descriptor_resolves_once_its_certificate_is_known()
    {
        var store = _world.Store(9);
        var descriptor = _world.Descriptor(1, 5);
        Assert.False(store.Knows(descriptor));
        Assert.False(store.TryResolve(descriptor, out _));
        store.TryAdd(World.At(0), _world.Certificate(1), out _);

        Assert.True(store.TryResolve(descriptor, out var contact));

        Assert.Equal(descriptor, contact.Descriptor);
        Assert.False(store.TryResolve(descriptor with { Id = _world.Descriptor(2).Id }, out _));
    }

    [Fact]
    public void The_newest_instance_that_its_owner_spoke_with_wins()
    {
        var store = _world.Store(9);
        var id = _world.Descriptor(1).Id;
        store.TryAdd(World.At(0), _world.Certificate(1), out _);
        Assert.True(store.TryResolve(_world.Descriptor(1, long.MaxValue), out _)); // Hearsay raises nothing.

        Assert.True(store.Witness(id, 5));
        Assert.True(store.Witness(id, 6));

        Assert.False(store.Witness(id, 5));
        Assert.False(store.TryResolve(_world.Descriptor(1, 5), out _));
        Assert.True(store.TryResolve(_world.Descriptor(1, 6), out _));
        Assert.True(store.TryFind(id, out var contact));
        Assert.Equal(6, contact.Instance);
    }

    [Fact]
    public void A_renewed_certificate_takes_the_place_and_keeps_the_instance()
    {
        var store = _world.Store(9);
        var renewed = _world.Certificate(1, lifeSeconds: 20 * World.DaySeconds);
        store.TryAdd(World.At(0), _world.Certificate(1), out var old);
        store.Witness(old.Id, 5);

        Assert.True(store.TryAdd(World.At(0), renewed, out _));

        Assert.True(store.TryFind(old.Id, out var contact));
        Assert.Same(renewed, contact.Certificate);
        Assert.Equal(5, contact.Instance);
        Assert.True(store.TryGet(old.Hash, out _));
    }

    [Fact]
    public void A_full_store_forgets_what_nobody_asked_for_and_never_its_own()
    {
        var store = _world.Store(1, 16);
        Assert.True(store.TrySetOwn(World.At(0), _world.Certificate(1)));
        Assert.True(store.TryAdd(World.At(0), _world.Certificate(2), out var asked));

        for (var i = 3UL; i < 200; i++)
        {
            Assert.True(store.TryAdd(World.At(0), _world.Certificate(i), out var added));
            Assert.True(store.TryGet(asked.Hash, out _), $"{i}");
            Assert.True(store.Knows(new(added.Id, 1, added.Hash)));
        }

        Assert.Equal(16, store.Count);
        Assert.True(store.TryGet(store.Own!.Hash, out _));
        Assert.False(store.TryGet(_world.Certificate(3).Hash, out _));
        Assert.False(store.TryFind(_world.Certificate(3).Id, out _));
    }

    [Fact]
    public void Its_own_certificate_must_be_for_its_own_key()
    {
        Assert.False(_world.Store(1).TrySetOwn(World.At(0), _world.Certificate(2)));
    }

    [Fact]
    public void Another_hub_key_forgets_everything()
    {
        var store = _world.Store(1);
        store.TrySetOwn(World.At(0), _world.Certificate(1));
        store.Trust(_world.Hub.PublicKey);
        Assert.Equal(1, store.Count);

        store.Trust(new World(2).Hub.PublicKey);

        Assert.Equal(0, store.Count);
        Assert.Null(store.Own);
        Assert.False(store.TryFind(_world.Certificate(1).Id, out _));
        Assert.False(store.TryAdd(World.At(0), _world.Certificate(1), out _));
    }
}
