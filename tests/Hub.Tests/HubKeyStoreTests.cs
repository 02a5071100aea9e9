using Overlay.Admission;

namespace Overlay.Hub.Tests;

public sealed class HubKeyStoreTests
{
    [Fact]
    public void Key_secret_and_state_come_back()
    {
        using var data = new TemporaryDirectory();
        byte[] key;
        byte[] secret;
        var state = new HubState(IsFounded: true, [new(UInt128.MaxValue - 5, 3), new(7, 1)]) { RootEpoch = 9 };
        using (var store = HubKeyStore.Open(data.Path))
        {
            (key, secret) = (store.Key!.PublicKey.ToArray(), store.CaSecret);
            Assert.False(store.State.IsFounded);
            store.Save(state);
        }

        using var again = HubKeyStore.Open(data.Path);

        Assert.Equal(key, again.Key!.PublicKey.ToArray());
        Assert.Equal(secret, again.CaSecret);
        Assert.True(again.State.IsFounded);
        Assert.Equal(state.Collisions, again.State.Collisions);
        Assert.Equal(9u, again.State.RootEpoch);
    }

    [Fact]
    public void Only_the_owner_may_read_them()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such mode bits");
            return;
        }

        using var parent = new TemporaryDirectory();
        var path = Path.Combine(parent.Path, "made");

        using var store = HubKeyStore.Open(path);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(path, "hub.json")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        Assert.False(File.Exists(Path.Combine(path, "hub.json.new")));
    }

    [Fact]
    public void A_torn_file_is_refused_wherever_it_was_torn_and_the_error_names_file_and_cure()
    {
        using var data = new TemporaryDirectory();
        HubKeyStore.Open(data.Path).Dispose();
        var whole = File.ReadAllBytes(data.File);

        for (var length = 0; length < whole.Length - 2; length += 13)
        {
            File.WriteAllBytes(data.File, whole[..length]);
            var failure = Assert.Throws<HubException>(() => HubKeyStore.Open(data.Path));
            Assert.Equal(HubError.DataDamaged, failure.Reason);
            Assert.Contains(data.File, failure.Message, StringComparison.Ordinal);
            Assert.Contains("backup", failure.Message, StringComparison.Ordinal);
        }

        File.WriteAllBytes(data.File, whole);
        HubKeyStore.Open(data.Path).Dispose();
    }

    [Fact]
    public void An_altered_file_is_refused()
    {
        using var data = new TemporaryDirectory();
        HubKeyStore.Open(data.Path).Dispose();
        var text = File.ReadAllText(data.File);

        File.WriteAllText(data.File, text.Replace("\"founded\": false", "\"founded\": true", StringComparison.Ordinal));

        Assert.Equal(HubError.DataDamaged, Assert.Throws<HubException>(() => HubKeyStore.Open(data.Path)).Reason);
        File.WriteAllText(data.File, "null");
        Assert.Equal(HubError.DataDamaged, Assert.Throws<HubException>(() => HubKeyStore.Open(data.Path)).Reason);
        File.WriteAllText(data.File, text.Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal));
        Assert.Contains("version 2", Assert.Throws<HubException>(() => HubKeyStore.Open(data.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_hubs_do_not_share_a_directory()
    {
        using var data = new TemporaryDirectory();
        using var store = HubKeyStore.Open(data.Path);

        var failure = Assert.Throws<HubException>(() => HubKeyStore.Open(data.Path));

        Assert.Equal(HubError.DataInUse, failure.Reason);
        Assert.Contains(data.Path, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_that_is_no_directory_is_said()
    {
        using var data = new TemporaryDirectory();
        var file = Path.Combine(data.Path, "file");
        File.WriteAllText(file, "");

        Assert.Equal(HubError.DataNotAccessible, Assert.Throws<HubException>(() => HubKeyStore.Open(file)).Reason);
        Assert.Equal(HubError.DataNotAccessible, Assert.Throws<HubException>(() => HubKeyStore.Open(Path.Combine(file, "below"))).Reason);
    }

    [Fact]
    public void Signatures_are_of_p256_and_of_this_data_only()
    {
        using var alice = HubKey.Create();
        using var bob = HubKey.Create();
        var signature = new byte[64];

        alice.Sign([1, 2], signature);

        Assert.True(bob.Verify(alice.PublicKey, [1, 2], signature));
        Assert.False(bob.Verify(bob.PublicKey, [1, 2], signature));
        Assert.False(bob.Verify(alice.PublicKey, [1, 3], signature));
        Assert.False(bob.Verify(alice.PublicKey[1..], [1, 2], signature));
        Assert.False(bob.Verify(new byte[64], [1, 2], signature));
        Assert.False(bob.Verify(alice.PublicKey, [1, 2], new byte[64]));
    }
}
