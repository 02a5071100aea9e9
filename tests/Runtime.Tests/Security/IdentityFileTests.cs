using Overlay.Runtime.Security;

namespace Overlay.Runtime.Tests.Security;

public sealed class IdentityFileTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly DirectoryInfo _parent = System.IO.Directory.CreateTempSubdirectory("overlay-identity-");

    private string Data => Path.Combine(_parent.FullName, "data");

    private string FilePath => Path.Combine(Data, IdentityFile.FileName);

    public void Dispose() => _parent.Delete(recursive: true);

    [Fact]
    public void A_new_directory_gets_a_key_that_later_starts_find_again()
    {
        byte[] key;
        using (var first = IdentityFile.Open(Data, _time))
        {
            key = first.Pkcs8.ToArray();
            Assert.Null(first.HubKey);
            Assert.Equal(_time.GetUtcNow().ToUnixTimeMilliseconds(), first.Instance);
        }

        using var second = IdentityFile.Open(Data, _time);

        Assert.True(second.Pkcs8.SequenceEqual(key));
    }

    [Fact]
    public void The_instance_grows_with_every_start_even_where_the_clock_went_back()
    {
        long first;
        using (var file = IdentityFile.Open(Data, _time))
        {
            first = file.Instance;
        }

        _time.Set(DateTimeOffset.UnixEpoch);
        using (var file = IdentityFile.Open(Data, _time))
        {
            Assert.Equal(first + 1, file.Instance);
            file.RememberInstance(first + 7);
            file.RememberInstance(first + 3);
        }

        using var again = IdentityFile.Open(Data, _time);
        Assert.Equal(first + 8, again.Instance);
    }

    [Fact]
    public void The_hubs_key_is_remembered()
    {
        var hubKey = Enumerable.Range(0, 64).Select(i => (byte)i).ToArray();
        using (var file = IdentityFile.Open(Data, _time))
        {
            file.RememberHubKey(hubKey);
        }

        using var again = IdentityFile.Open(Data, _time);

        Assert.Equal(hubKey, again.HubKey);
    }

    [Fact]
    public void Only_the_owner_reads_it()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("file modes are Unix's");
            return;
        }

        using (IdentityFile.Open(Data, _time))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Data));
        }

        File.SetUnixFileMode(FilePath, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

        using (IdentityFile.Open(Data, _time))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        }
    }

    [Fact]
    public void Two_running_nodes_cannot_share_it()
    {
        using var first = IdentityFile.Open(Data, _time);

        var error = Assert.Throws<IdentityFileException>(() => IdentityFile.Open(Data, _time));

        Assert.Equal(IdentityFileFault.InUse, error.Fault);
        Assert.Contains(FilePath, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_torn_file_is_refused_wherever_it_was_torn_and_stays_as_it_is()
    {
        using (IdentityFile.Open(Data, _time))
        {
        }

        var whole = File.ReadAllBytes(FilePath);
        for (var length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(FilePath, whole.AsSpan(0, length));

            var error = Assert.Throws<IdentityFileException>(() => IdentityFile.Open(Data, _time));

            Assert.Equal(IdentityFileFault.Damaged, error.Fault);
            Assert.Contains(FilePath, error.Message, StringComparison.Ordinal);
            Assert.Contains("move it away", error.Message, StringComparison.Ordinal);
            Assert.Equal(length, new FileInfo(FilePath).Length);
        }

        File.WriteAllBytes(FilePath, whole);
        using var again = IdentityFile.Open(Data, _time);
    }

    [Fact]
    public void A_foreign_file_is_refused()
    {
        System.IO.Directory.CreateDirectory(Data);
        File.WriteAllText(FilePath, "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n");

        Assert.Equal(IdentityFileFault.Damaged, Assert.Throws<IdentityFileException>(() => IdentityFile.Open(Data, _time)).Fault);
    }

    [Fact]
    public void An_edited_line_is_noticed()
    {
        using (IdentityFile.Open(Data, _time))
        {
        }

        File.WriteAllText(FilePath, File.ReadAllText(FilePath).Replace("instance ", "instance 9", StringComparison.Ordinal));

        Assert.Equal(IdentityFileFault.Damaged, Assert.Throws<IdentityFileException>(() => IdentityFile.Open(Data, _time)).Fault);
    }

    [Fact]
    public void A_file_where_the_directory_should_be_is_inaccessible()
    {
        File.WriteAllText(Data, "");

        var error = Assert.Throws<IdentityFileException>(() => IdentityFile.Open(Data, _time));

        Assert.Equal(IdentityFileFault.Inaccessible, error.Fault);
    }

    [Fact]
    public void A_leftover_of_a_crash_while_writing_does_no_harm()
    {
        using (IdentityFile.Open(Data, _time))
        {
        }

        File.WriteAllText(FilePath + ".new", "overlay ident");

        using var again = IdentityFile.Open(Data, _time);
    }

    [Fact]
    public void An_identity_without_a_directory_lives_for_one_run()
    {
        using var identity = NodeIdentity.Open(null, _time);

        Assert.Null(identity.RememberedHubKey);
        Assert.Equal(_time.GetUtcNow().ToUnixTimeMilliseconds(), identity.Instance);
    }

    [Fact]
    public void An_identity_with_a_directory_keeps_key_and_hub()
    {
        var hubKey = new byte[64];
        byte[] publicKey;
        using (var identity = NodeIdentity.Open(Data, _time))
        {
            publicKey = identity.Signing.PublicKey.ToArray();
            identity.RememberHubKey(hubKey);
            Assert.True(identity.Sealing.TryOpen([], identity.Sealing.Seal(publicKey, [], [1]), out _));
        }

        using var again = NodeIdentity.Open(Data, _time);

        Assert.Equal(hubKey, again.RememberedHubKey);
        Assert.True(again.Signing.PublicKey.SequenceEqual(publicKey));
    }
}
