using Overlay.Identity;

namespace Overlay.Tests.Identity;

public sealed class CertificatePoolTests
{
    private readonly World _world = new();

    [Fact]
    public void Nodes_of_one_host_check_a_certificate_once_and_keep_it_once()
    {
        var pool = new CertificatePool(_world.Hub.PublicKey, 16);
        var (one, other) = (Store(8, pool), Store(9, pool));
        Assert.True(one.TryAdd(World.At(0), _world.Certificate(1), out var first));

        Assert.True(other.TryAdd(World.At(0), _world.Certificate(1), out var second));

        Assert.Same(first, second);
        Assert.Equal((1, 0), (one.VerifyCount, other.VerifyCount));
    }

    [Fact]
    public void What_one_node_knows_another_does_not()
    {
        var pool = new CertificatePool(_world.Hub.PublicKey, 16);
        var (one, other) = (Store(8, pool), Store(9, pool));
        one.TryAdd(World.At(0), _world.Certificate(1), out var certificate);
        Assert.True(one.Witness(certificate.Id, 7));

        Assert.False(other.Knows(_world.Descriptor(1)));
        Assert.False(other.TryFind(certificate.Id, out _));
        Assert.False(other.TryGet(certificate.Hash, out _));
        other.TryAdd(World.At(0), certificate, out _);

        Assert.Equal(0, other.NewestInstance(certificate.Id));
        Assert.True(other.Witness(certificate.Id, 6));
        Assert.Equal(7, one.NewestInstance(certificate.Id));
    }

    [Fact]
    public void What_is_wrong_for_one_is_wrong_for_all_and_checked_once()
    {
        var pool = new CertificatePool(_world.Hub.PublicKey, 16);
        var (one, other) = (Store(8, pool), Store(9, pool));
        var encoded = _world.Certificate(1).Encoded.ToArray();
        encoded[^1] ^= 1;
        Assert.True(NodeCertificate.TryRead(encoded, out var forged));

        Assert.False(one.TryAdd(World.At(0), forged, out _));
        Assert.False(other.TryAdd(World.At(0), forged, out _));

        Assert.Equal(1, pool.VerifyCount);
        Assert.Equal(0, pool.Count);
    }

    [Fact]
    public void A_pool_of_another_hub_is_not_asked()
    {
        var pool = new CertificatePool(new World(2).Hub.PublicKey, 16);
        var store = Store(8, pool);

        Assert.True(store.TryAdd(World.At(0), _world.Certificate(1), out _));

        Assert.Equal(0, pool.VerifyCount + pool.Count);
    }

    [Fact]
    public void A_certificate_out_of_its_time_is_refused_though_the_pool_knows_it()
    {
        var pool = new CertificatePool(_world.Hub.PublicKey, 16);
        Assert.True(Store(8, pool).TryAdd(World.At(0), _world.Certificate(1), out _));

        Assert.False(Store(9, pool).TryAdd(World.At(15 * World.DaySeconds), _world.Certificate(1), out _));
    }

    [Fact]
    public void A_full_pool_forgets_and_checks_again()
    {
        var pool = new CertificatePool(_world.Hub.PublicKey, 16);
        var store = Store(8, pool);
        for (var i = 1UL; i <= 100; i++)
        {
            Assert.True(store.TryAdd(World.At(0), _world.Certificate(i), out _));
        }

        Assert.Equal(16, pool.Count);
        Assert.Equal(100, store.Count);
        Assert.True(Store(9, pool).TryAdd(World.At(0), _world.Certificate(1), out _));
    }

    private CertificateStore Store(ulong index, CertificatePool pool)
    {
        var store = new CertificateStore(_world.Signing(index), 1024, pool);
        store.Trust(_world.Hub.PublicKey);
        return store;
    }
}
