using Overlay.Nodes.Storage;
using Overlay.StoreWriter;

namespace Overlay.Nodes.Tests.Storage;

/// <summary>F45 and F47: a process killed while it writes leaves whole commits only, and every one that had returned.</summary>
public sealed class CrashTests
{
    [Fact]
    public Task A_process_killed_during_commits_leaves_whole_commits_only() => KillDatabaseAsync(10);

    [SlowFact]
    public Task A_process_killed_two_hundred_times_during_commits_leaves_whole_commits_only() => KillDatabaseAsync(200);

    [Fact]
    public Task A_process_killed_while_it_replaces_a_file_leaves_the_old_or_the_new_one() => KillBucketAsync(10);

    [SlowFact]
    public Task A_process_killed_two_hundred_times_while_it_replaces_a_file_leaves_the_old_or_the_new_one() => KillBucketAsync(200);

    private static async Task KillDatabaseAsync(int times)
    {
        using var folder = new StoreFolder();
        var path = folder.File("killed.db");
        await using (var database = await Database.OpenAsync(path))
        {
            database.Insert("a", new BatchRecord("newest", -1, ""));
            await database.CommitAsync();
        }

        var random = new Random(2_026);
        var next = 0;
        for (var round = 0; round < times; round++)
        {
            using var writer = await WriterProcess.StartAsync("database", path, $"{next}");
            var acknowledged = await RunAndKillAsync(writer, random);
            next = await CheckDatabaseAsync(path, acknowledged ?? next - 1, next) + 1;
        }

        Assert.True(next > times, $"only {next} commits in {times} rounds");
    }

    /// <summary>Some commits, then a moment in the middle of one.</summary>
    private static async Task<int?> RunAndKillAsync(WriterProcess writer, Random random)
    {
        int? acknowledged = null;
        for (var wait = random.Next(1, 12); wait > 0; wait--)
        {
            acknowledged = await writer.ReadAsync();
        }

        Thread.SpinWait(random.Next(200_000));
        return await writer.KillAsync() ?? acknowledged;
    }

    private static async Task<int> CheckDatabaseAsync(string path, int acknowledged, int first)
    {
        await using var database = await Database.OpenAsync(path);
        var newest = (await database.GetAsync<BatchRecord>("a", "newest"))!.Batch;

        // Every commit that returned is there; at most the one that was under way came on top, whole.
        Assert.InRange(newest, acknowledged, acknowledged + 1);
        foreach (var store in Batches.Stores)
        {
            var records = await database.Query<BatchRecord>(store).Where(record => record.Batch >= first && record.Key != "newest").ToListAsync();
            Assert.Equal((newest - first + 1) * Batches.Size / Batches.Stores.Count, records.Count);
            Assert.Equal((newest + 1) * Batches.Size / Batches.Stores.Count + (store == "a" ? 1 : 0), await database.CountAsync(store));
        }

        return newest;
    }

    private static async Task KillBucketAsync(int times)
    {
        using var folder = new StoreFolder();
        var path = folder.File("killed.bucket");
        await using (var bucket = await Bucket.OpenAsync(path))
        {
            await bucket.WriteAsync(Batches.File, Batches.Content(0));
        }

        var random = new Random(2_027);
        var next = 1;
        for (var round = 0; round < times; round++)
        {
            using var writer = await WriterProcess.StartAsync("bucket", path, $"{next}");
            var acknowledged = await RunAndKillAsync(writer, random) ?? next - 1;
            await using var bucket = await Bucket.OpenAsync(path);
            var content = await bucket.ReadAsync(Batches.File);
            var found = BitConverter.ToInt32(content);

            Assert.InRange(found, acknowledged, acknowledged + 1);
            Assert.Equal(Batches.Content(found), content);
            Assert.Equal(1, await bucket.ContentsAsync());
            next = found + 1;
        }
    }
}
