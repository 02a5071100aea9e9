using Overlay.Identity;
using Overlay.Messages;
using Overlay.Runtime.Hubs;
using Overlay.Runtime.Security;

namespace Overlay.Runtime.Tests.Hubs;

/// <summary>What a node keeps of its network across restarts, and what it makes of a file that is none of its own.</summary>
public sealed class NodeMemoryTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("overlay-memory-");
    private readonly P256Signing _hub = P256Signing.Create();
    private readonly P256Signing _own = P256Signing.Create();

    private string File => Path.Combine(_directory.FullName, NodeMemory.FileName);

    public void Dispose()
    {
        _directory.Delete(recursive: true);
        _hub.Dispose();
        _own.Dispose();
    }

    [Fact]
    public void What_is_saved_is_there_after_a_restart()
    {
        var memory = Filled();

        var again = NodeMemory.Open(_directory.FullName);

        Assert.False(again.WasDamaged);
        Assert.Equal(memory.Certificate, again.Certificate);
        Assert.Equal(memory.Delegation, again.Delegation);
        Assert.Equal(["ws://192.0.2.1:5000/", "wss://192.0.2.2/"], again.Seeds);
        Assert.Equal(memory.Hubs, again.Hubs);
        Assert.Equal("ws://192.0.2.9:5000/", Assert.Single(again.Hubs).Address);
    }

    [Fact]
    public void Of_each_hub_the_last_word_is_kept_and_of_no_more_than_eight()
    {
        var memory = NodeMemory.Open(_directory.FullName);
        for (var number = 0; number < 12; number++)
        {
            memory.Remember(HubPlace.Issue(_hub, _hub.PublicKey, number, "ws://a/", 1));
        }

        memory.Remember(HubPlace.Issue(_hub, _hub.PublicKey, 3, "ws://b/", 2));
        Assert.True(memory.TrySave());

        var again = NodeMemory.Open(_directory.FullName);
        Assert.Equal(8, again.Hubs.Count);
        Assert.Equal("ws://b/", again.Hubs.Single(hub => hub.Number == 3).Address);
    }

    [Fact]
    public void An_empty_memory_is_a_memory_too()
    {
        Assert.True(NodeMemory.Open(_directory.FullName).TrySave());

        var again = NodeMemory.Open(_directory.FullName);

        Assert.False(again.WasDamaged);
        Assert.Null(again.Certificate);
        Assert.Null(again.Delegation);
        Assert.Empty(again.Seeds);
    }

    [Fact]
    public void A_torn_or_edited_file_is_an_empty_memory_and_is_said_to_be_damaged()
    {
        Filled();
        var whole = System.IO.File.ReadAllBytes(File);
        for (var at = 0; at < whole.Length; at += 7)
        {
            var edited = (byte[])whole.Clone();
            edited[at] ^= 1;
            AssertForgotten(edited);
            AssertForgotten(whole[..at]);
        }

        AssertForgotten(new byte[1 << 20]);
    }

    [Fact]
    public void Where_it_was_admitted_comes_first_and_what_it_was_told_leaves_half_of_the_places_to_what_it_knew()
    {
        var memory = NodeMemory.Open(null);
        memory.Learn("ws://a/", [.. Enumerable.Range(0, 20).Select(number => $"ws://told-{number}/")]);
        Assert.Equal(Admitted.MaxSeeds, memory.Seeds.Count);
        Assert.Equal("ws://a/", memory.Seeds[0]);

        memory.Learn("ws://b/", [.. Enumerable.Range(0, 20).Select(number => $"ws://junk-{number}/")]);

        Assert.Equal(["ws://b/", "ws://a/", "ws://told-0/"], memory.Seeds.Take(3));
        Assert.Equal(4, memory.Seeds.Count(seed => seed.Contains("junk", StringComparison.Ordinal)));
        memory.Learn("ws://a/", []);
        Assert.Equal(["ws://a/", "ws://b/"], memory.Seeds.Take(2));
        Assert.Equal(Admitted.MaxSeeds, memory.Seeds.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hub")]
    [InlineData("http://a/")]
    [InlineData("ws://a/ b")]
    [InlineData("ws://a/\nseed ws://b/")]
    [InlineData("ws://é/")]
    public void What_is_no_address_of_a_hub_is_not_remembered(string address)
    {
        var memory = NodeMemory.Open(null);

        memory.Learn(address, [address, "ws://" + new string('a', 300)]);

        Assert.Empty(memory.Seeds);
    }

    [Fact]
    public void A_directory_that_cannot_be_written_is_said_not_thrown()
    {
        var memory = NodeMemory.Open(Path.Combine(_directory.FullName, "gone"));

        Assert.False(memory.TrySave());
    }

    private NodeMemory Filled()
    {
        var memory = NodeMemory.Open(_directory.FullName);
        var right = Delegation.Issue(_hub, _own.PublicKey, 1, 2, 3, 4);
        memory.Remember(NodeCertificate.IssueDelegated(_own, right, 0, _own.PublicKey, new byte[16], 1, 2));
        memory.Remember(right);
        memory.Remember(HubPlace.Issue(_own, _hub.PublicKey, 2, "ws://192.0.2.9:5000/", 5, right));
        memory.Learn("ws://192.0.2.1:5000/", ["wss://192.0.2.2/", "ftp://192.0.2.3/"]);
        Assert.True(memory.TrySave());
        return memory;
    }

    private void AssertForgotten(byte[] bytes)
    {
        System.IO.File.WriteAllBytes(File, bytes);
        var memory = NodeMemory.Open(_directory.FullName);
        Assert.True(memory.WasDamaged);
        Assert.Null(memory.Certificate);
        Assert.Null(memory.Delegation);
        Assert.Empty(memory.Seeds);
        Assert.Empty(memory.Hubs);
    }
}
