using Overlay.Nodes.Storage;

namespace Overlay.Nodes.Tests.Storage;

/// <summary>F44: a commit is all or nothing, and what it leaves behind.</summary>
public sealed class CommitTests
{
    private const string Users = "users";

    [Theory, OnDiskAndInMemory]
    public async Task A_duplicate_key_among_ten_stores_none_of_them(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));
        database.Insert(Users, new Indexed("5", 0));
        await database.CommitAsync();
        for (var i = 0; i < 10; i++)
        {
            database.Insert(Users, new Indexed($"{i}", i));
            database.Insert("others", new Indexed($"{i}", i));
        }

        var duplicate = await Assert.ThrowsAsync<DuplicateKeyException>(() => database.CommitAsync());

        Assert.Equal(("5", Users, StoreError.DuplicateKey), (duplicate.Key, duplicate.Store, duplicate.Reason));
        Assert.Equal(1, await database.CountAsync(Users));
        Assert.Equal(0, await database.CountAsync("others"));
        Assert.Equal([Users], await database.StoresAsync());
        Assert.Equal(2, database.Version);
        Assert.Equal(20, database.StagedCount);
        Assert.Equal(20, database.Rollback());
        database.Insert(Users, new Indexed("6", 6));
        Assert.Equal(1, await database.CommitAsync());
        Assert.Equal(2, await database.CountAsync(Users));
    }

    [Theory, OnDiskAndInMemory]
    public async Task After_a_failure_what_was_staged_can_be_committed_once_the_cause_is_gone(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));
        await using var other = inMemory ? database : await Database.OpenAsync("people", folder.Options());
        database.Insert(Users, new Indexed("1", 1));
        await database.CommitAsync();
        database.Insert(Users, new Indexed("1", 2));
        await Assert.ThrowsAsync<DuplicateKeyException>(() => database.CommitAsync());

        if (!inMemory)
        {
            other.Delete(Users, "1");
            await other.CommitAsync();
            await database.CommitAsync();
            Assert.Equal(2, (await database.GetAsync<Indexed>(Users, "1"))!.Index);
        }

        database.Rollback();
        Assert.Equal(0, await database.CommitAsync());
    }

    [Fact]
    public async Task Inserts_come_before_updates_and_these_before_deletes()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options());

        database.Delete(Users, "a");
        database.Update(Users, new Indexed("a", 2));
        database.Update(Users, new Indexed("b", 2));
        database.Insert(Users, new Indexed("a", 1));
        database.Insert(Users, new Indexed("b", 1));
        await database.CommitAsync();

        Assert.Equal([new Indexed("b", 2)], await database.Query<Indexed>(Users).ToListAsync());
    }

    [Fact]
    public async Task A_record_is_read_when_it_is_staged()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options());
        var document = new Document { Id = Guid.NewGuid(), Title = "before" };

        database.Insert("documents", document);
        document.Title = "after";
        await database.CommitAsync();

        Assert.Equal("before", (await database.GetAsync<Document>("documents", document.Id.ToString()))!.Title);
    }

    [Theory, OnDiskAndInMemory]
    public async Task A_cancelled_commit_stores_nothing_and_leaves_everything_usable(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));
        for (var i = 0; i < 1_000; i++)
        {
            database.Insert(Users, new Indexed($"{i}", i));
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => database.CommitAsync(new CancellationToken(canceled: true)));
        Assert.Equal(1_000, database.StagedCount);
        Assert.Equal(0, await database.CountAsync(Users));

        // At any moment: either nothing was stored and the call says so, or all was.
        for (var round = 0; round < 30; round++)
        {
            using var cancel = new CancellationTokenSource();
            var commit = database.CommitAsync(cancel.Token);
            Thread.SpinWait(round * round * 200);
            await cancel.CancelAsync();
            var cancelled = false;
            try
            {
                await commit;
            }
            catch (OperationCanceledException)
            {
                cancelled = true;
            }

            Assert.Equal(cancelled ? 0 : 1_000, await database.CountAsync(Users));
            Assert.Equal(cancelled ? 1_000 : 0, database.StagedCount);
            if (!cancelled)
            {
                await database.DropAsync(Users);
                for (var i = 0; i < 1_000; i++)
                {
                    database.Insert(Users, new Indexed($"{i}", i));
                }
            }
        }

        Assert.Equal(1_000, await database.CommitAsync());
    }

    [Theory, OnDiskAndInMemory]
    public async Task Many_threads_may_stage_commit_and_read(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));

        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                database.Insert($"store{thread % 3}", new Indexed($"{thread}-{i}", i));
                await database.CommitAsync();
                Assert.NotNull(await database.GetAsync<Indexed>($"store{thread % 3}", $"{thread}-{i}"));
            }
        })));

        var counts = await Task.WhenAll(Enumerable.Range(0, 3).Select(store => database.CountAsync($"store{store}").AsTask()));
        Assert.Equal(160, counts.Sum());
        Assert.Equal(4, database.Version);
    }
}
