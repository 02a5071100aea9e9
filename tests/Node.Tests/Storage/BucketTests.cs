using System.Text;
using Overlay.Nodes.Storage;

namespace Overlay.Nodes.Tests.Storage;

/// <summary>F47: the bucket of the seeds, its defects mended.</summary>
[Collection(nameof(Alone))]
public sealed class BucketTests
{
    [Theory, OnDiskAndInMemory]
    public async Task Write_append_read_info_list_and_delete(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("files", folder.BucketOptions(inMemory));

        Assert.False(await bucket.ExistsAsync("a"));
        await bucket.WriteAsync("a", "hello"u8.ToArray());
        await bucket.AppendAsync("a", " world"u8.ToArray());
        await bucket.AppendAsync("new", "made"u8.ToArray());
        Assert.True(await bucket.ExistsAsync("a"));
        Assert.Equal("hello world", await TextAsync(bucket, "a"));
        Assert.Equal("made", await TextAsync(bucket, "new"));
        await bucket.WriteAsync("a", "replaced"u8.ToArray());
        Assert.Equal("replaced", await TextAsync(bucket, "a"));
        await bucket.WriteAsync("empty", ReadOnlyMemory<byte>.Empty);
        Assert.Empty(await bucket.ReadAsync("empty"));

        Assert.Equal(["a", "empty"], (await bucket.InfoAsync(["a", "missing", "empty"])).Select(entry => entry.Key));
        Assert.Null(await bucket.InfoAsync("missing"));
        Assert.True(await bucket.DeleteAsync("a"));
        Assert.False(await bucket.DeleteAsync("a"));
        Assert.False(await bucket.ExistsAsync("a"));
        var missing = await Assert.ThrowsAsync<BucketKeyNotFoundException>(() => bucket.ReadAsync("a"));
        Assert.Equal(("a", StoreError.NotFound), (missing.Key, missing.Reason));
        Assert.Equal(2, await bucket.ContentsAsync());
    }

    [Fact]
    public async Task Info_has_size_and_both_times()
    {
        using var folder = new StoreFolder();
        var clock = new Clock { Now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) };
        await using var bucket = await Bucket.OpenAsync("files", folder.BucketOptions() with { TimeProvider = clock });
        await bucket.WriteAsync("a", new byte[10]);
        var created = clock.Now;
        clock.Now += TimeSpan.FromHours(1);
        await bucket.WriteAsync("a", new byte[20]);

        Assert.Equal(new BucketEntry("a", 20, created, clock.Now), await bucket.InfoAsync("a"));
        clock.Now += TimeSpan.FromHours(1);
        await bucket.AppendAsync("a", new byte[5]);
        Assert.Equal(new BucketEntry("a", 25, created, clock.Now), await bucket.InfoAsync("a"));
    }

    [Theory, OnDiskAndInMemory]
    public async Task Ranges_are_slices(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("files", folder.BucketOptions(inMemory));
        var bytes = Bytes(1, 200_000); // three pieces and a part
        await bucket.WriteAsync("a", bytes);

        foreach (var (start, end, expected) in ((long, long?, byte[])[])[
            (0, null, bytes), (0, 0, []), (5, 5, []), (10, 5, []), (0, 65_536, bytes[..65_536]), (65_535, 65_537, bytes[65_535..65_537]), (65_536, null, bytes[65_536..]),
            (-10, null, bytes[^10..]), (-10, -5, bytes[^10..^5]), (0, -1, bytes[..^1]), (-1_000_000, 3, bytes[..3]), (199_999, 5_000_000, bytes[^1..]), (300_000, null, []),
        ])
        {
            Assert.Equal(expected, await bucket.ReadAsync("a", start, end));
        }
    }

    [Theory, OnDiskAndInMemory]
    public async Task Keys_are_listed_by_prefix_and_delimiter(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("files", folder.BucketOptions(inMemory));
        foreach (var key in (string[])["b", "a/1", "a/2", "a/deep/3", "a", "undefined", "a/deep/undefined", "ab", "é/x", "\U0001F600"])
        {
            await bucket.WriteAsync(key, new byte[1]);
        }

        Assert.Equal(["a", "a/1", "a/2", "a/deep/3", "a/deep/undefined", "ab", "b", "undefined", "é/x", "\U0001F600"], await KeysAsync(bucket.ListAsync()));
        Assert.Equal(["a/1", "a/2", "a/deep/3", "a/deep/undefined"], await KeysAsync(bucket.ListAsync("a/")));
        Assert.Equal(["a/1", "a/2"], await KeysAsync(bucket.ListAsync("a/", "/")));
        Assert.Equal(["a", "ab", "b", "undefined", "\U0001F600"], await KeysAsync(bucket.ListAsync("", "/")));
        Assert.Empty(await KeysAsync(bucket.ListAsync("c")));
    }

    [Fact]
    public async Task Long_lists_come_in_pages_without_gaps()
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("files", folder.BucketOptions(inMemory: true));
        var keys = Enumerable.Range(0, 1_000).Select(i => $"k/{i:D4}").ToList();
        foreach (var key in keys)
        {
            await bucket.WriteAsync(key, ReadOnlyMemory<byte>.Empty);
        }

        Assert.Equal(keys, await KeysAsync(bucket.ListAsync("k/")));
        Assert.Equal(keys[100..200], await KeysAsync(bucket.ListAsync("k/01")));
    }

    [Theory, OnDiskAndInMemory]
    public async Task Appends_of_any_size_add_up(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("files", folder.BucketOptions(inMemory));
        var random = new Random(5);
        var expected = new List<byte>();
        for (var i = 0; i < 40; i++)
        {
            var bytes = Bytes(i, random.Next(4) switch { 0 => random.Next(10), 1 => 65_536, 2 => 65_536 - (expected.Count % 65_536), _ => random.Next(200_000) });
            expected.AddRange(bytes);
            if (random.Next(2) == 0)
            {
                await bucket.AppendAsync("a", bytes);
            }
            else
            {
                await using var stream = await bucket.OpenWriteAsync("a", FileMode.Append);
                foreach (var part in bytes.Chunk(random.Next(1, 70_000)))
                {
                    await stream.WriteAsync(part);
                }
            }
        }

        Assert.Equal(expected, await bucket.ReadAsync("a"));
        await bucket.AppendAsync("a", Bytes(99, 3_000_000));
        Assert.Equal(Bytes(99, 3_000_000), await bucket.ReadAsync("a", -3_000_000));
        Assert.Equal(1, await bucket.ContentsAsync());
    }

    [Theory, OnDiskAndInMemory]
    public async Task A_file_that_is_written_appears_at_the_end_of_the_stream(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("files", folder.BucketOptions(inMemory));
        await bucket.WriteAsync("a", "old"u8.ToArray());
        var bytes = Bytes(1, 3_000_000);

        await using (var stream = await bucket.OpenWriteAsync("a"))
        {
            await stream.WriteAsync(bytes);
            await stream.FlushAsync();
            Assert.Equal(bytes.Length, stream.Length);
            Assert.Equal("old", await TextAsync(bucket, "a"));
        }

        Assert.Equal(bytes, await bucket.ReadAsync("a"));
        using (var stream = await bucket.OpenWriteAsync("b"))
        {
            stream.Write(bytes, 0, bytes.Length);
            stream.WriteByte(1);
        }

        Assert.Equal(bytes.Length + 1, (await bucket.InfoAsync("b"))!.Value.Size);
        Assert.Equal(2, await bucket.ContentsAsync());
    }

    [Theory, OnDiskAndInMemory]
    public async Task What_is_aborted_or_fails_leaves_the_file_as_it_was(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("files", folder.BucketOptions(inMemory));
        await bucket.WriteAsync("a", "old"u8.ToArray());

        var aborted = await bucket.OpenWriteAsync("a");
        await aborted.WriteAsync(Bytes(1, 3_000_000));
        aborted.Abort();
        await aborted.DisposeAsync();
        var append = await bucket.OpenWriteAsync("a", FileMode.Append);
        await append.WriteAsync(Bytes(1, 3_000_000));
        append.Abort();
        await Assert.ThrowsAsync<IOException>(() => bucket.WriteAsync("a", new BrokenStream(2_500_000)));
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bucket.WriteAsync("a", new BrokenStream(2_500_000), cancel.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bucket.WriteAsync("a", new byte[1], cancel.Token));

        Assert.Equal("old", await TextAsync(bucket, "a"));
        Assert.Equal(1, await bucket.ContentsAsync());
        await bucket.AppendAsync("a", "er"u8.ToArray());
        Assert.Equal("older", await TextAsync(bucket, "a"));
    }

    [Theory, OnDiskAndInMemory]
    public async Task Who_reads_a_file_goes_on_while_it_is_replaced_and_deleted(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("files", folder.BucketOptions(inMemory));
        var (old, other) = (Bytes(1, 500_000), Bytes(2, 400_000));
        await bucket.WriteAsync("a", old);
        var read = new MemoryStream();

        await using (var stream = await bucket.OpenReadAsync("a"))
        {
            var buffer = new byte[100_000];
            await stream.ReadExactlyAsync(buffer);
            read.Write(buffer);
            await bucket.AppendAsync("a", other);
            await bucket.WriteAsync("a", other);
            Assert.Equal(other, await bucket.ReadAsync("a"));
            Assert.True(await bucket.DeleteAsync("a"));
            Assert.Equal(1, await bucket.ContentsAsync());
            await stream.CopyToAsync(read);
        }

        Assert.Equal(old, read.ToArray());
        Assert.Equal(0, await bucket.ContentsAsync());
    }

    [Fact]
    public async Task A_read_stream_seeks_and_knows_its_length()
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("files", folder.BucketOptions());
        var bytes = Bytes(1, 200_000);
        await bucket.WriteAsync("a", bytes);
        using var stream = await bucket.OpenReadAsync("a", 1_000, -1_000);
        var slice = bytes[1_000..^1_000];
        var random = new Random(3);

        Assert.Equal(slice.Length, stream.Length);
        for (var i = 0; i < 200; i++)
        {
            var at = random.Next(slice.Length);
            var buffer = new byte[random.Next(1, 90_000)];
            stream.Seek(at, SeekOrigin.Begin);
            var read = i % 2 == 0 ? stream.Read(buffer) : await stream.ReadAsync(buffer);
            Assert.InRange(read, 1, buffer.Length);
            Assert.True(slice.AsSpan(at, read).SequenceEqual(buffer.AsSpan(0, read)));
        }

        stream.Position = 5;
        Assert.Equal(slice[5], stream.ReadByte());
        Assert.Equal(slice.Length - 10, stream.Seek(-10, SeekOrigin.End));
        Assert.Equal(slice[^10..], ReadAll(stream));
        Assert.Equal(-1, stream.ReadByte());
        stream.Seek(-20, SeekOrigin.Current);
        Assert.Equal(slice[^20..], ReadAll(stream));
    }

    [Fact]
    public async Task One_stream_at_a_time_appends_and_a_new_file_is_new()
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("files", folder.BucketOptions());
        await bucket.WriteAsync("a", "one"u8.ToArray());
        var first = await bucket.OpenWriteAsync("a", FileMode.Append);

        await Assert.ThrowsAsync<StoreBusyException>(() => bucket.OpenWriteAsync("a", FileMode.Append));
        await Assert.ThrowsAsync<StoreBusyException>(() => bucket.AppendAsync("a", new byte[1]));
        await first.WriteAsync(" two"u8.ToArray());
        await first.DisposeAsync();
        await bucket.AppendAsync("a", " three"u8.ToArray());
        Assert.Equal("one two three", await TextAsync(bucket, "a"));

        var lost = await bucket.OpenWriteAsync("a", FileMode.Append);
        await lost.WriteAsync(Bytes(1, 2_000_000));
        await bucket.WriteAsync("a", "new"u8.ToArray());
        await Assert.ThrowsAsync<StoreBusyException>(() => lost.DisposeAsync().AsTask());
        Assert.Equal("new", await TextAsync(bucket, "a"));
        Assert.Equal(1, await bucket.ContentsAsync());

        var exists = await Assert.ThrowsAsync<StoreException>(() => bucket.OpenWriteAsync("a", FileMode.CreateNew));
        Assert.Equal(StoreError.DuplicateKey, exists.Reason);
        await using (var stream = await bucket.OpenWriteAsync("b", FileMode.CreateNew))
        {
            await stream.WriteAsync("b"u8.ToArray());
        }

        Assert.Equal("b", await TextAsync(bucket, "b"));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => bucket.OpenWriteAsync("b", FileMode.Truncate));
        await Assert.ThrowsAsync<KeyRequiredException>(() => bucket.OpenWriteAsync(""));
    }

    [Fact]
    public async Task A_full_bucket_keeps_what_it_had()
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("small", folder.BucketOptions() with { MaxBytes = 4 * 1_024 * 1_024 });
        var kept = Bytes(1, 1_500_000);
        await bucket.WriteAsync("kept", kept);

        await Assert.ThrowsAsync<StoreFullException>(() => bucket.WriteAsync("big", Bytes(2, 5_000_000)));
        var stream = await bucket.OpenWriteAsync("kept");
        await Assert.ThrowsAsync<StoreFullException>(async () => await stream.WriteAsync(Bytes(2, 5_000_000)));
        await Assert.ThrowsAsync<StoreException>(async () => await stream.WriteAsync(new byte[1]));
        await stream.DisposeAsync();

        Assert.Equal(kept, await bucket.ReadAsync("kept"));
        Assert.Equal(["kept"], await KeysAsync(bucket.ListAsync()));
        Assert.Equal(1, await bucket.ContentsAsync());
        await bucket.WriteAsync("fits", Bytes(3, 1_000_000));
        Assert.Equal(Bytes(3, 1_000_000), await bucket.ReadAsync("fits"));
    }

    [Fact]
    public async Task A_bucket_is_there_after_a_restart_and_gone_after_a_drop()
    {
        using var folder = new StoreFolder();
        await using (var bucket = await Bucket.OpenAsync("files", folder.BucketOptions()))
        {
            await bucket.WriteAsync("a", new MemoryStream(Bytes(1, 2_000_000)));
            await Assert.ThrowsAsync<StoreBusyException>(() => Bucket.DropAsync("files", folder.BucketOptions()));
        }

        await using (var bucket = await Bucket.OpenAsync("files", folder.BucketOptions()))
        {
            Assert.Equal(Bytes(1, 2_000_000), await bucket.ReadAsync("a"));
        }

        await Bucket.DropAsync("files", folder.BucketOptions());
        await using var empty = await Bucket.OpenAsync("files", folder.BucketOptions());
        Assert.Empty(await KeysAsync(empty.ListAsync()));
    }

    [Fact]
    public async Task Many_may_write_and_read_one_file_at_a_time()
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("files", folder.BucketOptions());
        await bucket.WriteAsync("a", Bytes(0, 150_000));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(task => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
            {
                await bucket.WriteAsync("a", Bytes((task * 100) + i, 150_000));
                var read = await bucket.ReadAsync("a");
                Assert.Equal(Bytes(BitConverter.ToInt32(read), 150_000), read);
            }
        })));

        Assert.Equal(1, await bucket.ContentsAsync());
    }

    [Fact]
    public async Task A_hundred_megabytes_stream_through_in_sixteen_of_memory()
    {
        using var folder = new StoreFolder();
        await using var bucket = await Bucket.OpenAsync("large", folder.BucketOptions() with { Durability = StoreDurability.Normal });
        const int Megabytes = 100;
        var block = Bytes(7, 1 << 20);
        GC.Collect();
        var before = (Heap: GC.GetTotalMemory(forceFullCollection: true), Allocated: GC.GetTotalAllocatedBytes());

        await using (var stream = await bucket.OpenWriteAsync("file"))
        {
            for (var i = 0; i < Megabytes; i++)
            {
                await stream.WriteAsync(block);
            }
        }

        var buffer = new byte[100_000];
        var (total, equal) = (0L, true);
        await using (var stream = await bucket.OpenReadAsync("file"))
        {
            int read;
            while ((read = await stream.ReadAsync(buffer)) > 0)
            {
                equal &= buffer[0] == block[total % block.Length] && buffer[read - 1] == block[(total + read - 1) % block.Length];
                total += read;
            }
        }

        Assert.Equal((long)Megabytes << 20, total);
        Assert.True(equal);

        // What was allocated at all, not only what was alive: 16 MB is for everything.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before.Allocated, 0, 16 << 20);
    }

    private static async Task<string> TextAsync(Bucket bucket, string key) => Encoding.UTF8.GetString(await bucket.ReadAsync(key));

    private static async Task<List<string>> KeysAsync(IAsyncEnumerable<BucketEntry> entries) => await entries.Select(entry => entry.Key).ToListAsync();

    private static byte[] ReadAll(Stream stream)
    {
        var all = new MemoryStream();
        stream.CopyTo(all);
        return all.ToArray();
    }

    /// <summary>Bytes that tell which they are: the seed first, then what it draws.</summary>
    private static byte[] Bytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        if (length >= 4)
        {
            BitConverter.TryWriteBytes(bytes, seed);
        }

        return bytes;
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }

    /// <summary>Gives some bytes, then fails.</summary>
    private sealed class BrokenStream(int length) : MemoryStream(new byte[length])
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is > 0 and var read ? read : throw new IOException("the source broke off");
    }
}
