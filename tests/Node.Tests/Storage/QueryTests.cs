using Overlay.Nodes.Storage;

namespace Overlay.Nodes.Tests.Storage;

/// <summary>F43, second half (D15 to D37), and F46: queries over 1,024 records, as the original tests ask.</summary>
public sealed class QueryTests
{
    private const string Store = "records";

    [Theory, OnDiskAndInMemory]
    public async Task The_operators_of_the_original_give_what_its_tests_ask_for(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await FilledAsync(folder, inMemory);
        var query = database.Query<Indexed>(Store);
        var all = Enumerable.Range(0, 1_024).ToList();

        Assert.Equal(1_024, (await query.ToArrayAsync()).Length); // D15
        Assert.Equal(1_024, await query.AggregateAsync(0, (sum, _) => sum + 1)); // D16
        Assert.True(await query.AllAsync(record => record.Index >= 0)); // D17
        Assert.False(await query.AllAsync(record => record.Index < 1_023)); // D18
        Assert.Equal(1.0, await query.Select(_ => 1).AverageAsync()); // D19
        Assert.True(await query.AnyAsync(record => record.Index == 1_000)); // D20
        Assert.False(await query.AnyAsync(record => record.Index == 1_024)); // D21
        var both = query.Select(record => record.Index).Concat(query.Select(record => record.Index + 1_024)).Order();
        Assert.Equal(Enumerable.Range(0, 2_048), await both.ToListAsync()); // D22
        Assert.Equal(1_024, await query.CountAsync()); // D23
        Assert.Equal(4, await query.Select(record => record.Index % 4).Distinct().CountAsync()); // D24
        foreach (var at in (int[])[0, 128, 256, 512])
        {
            Assert.Equal(at, (await query.OrderBy(record => record.Index).ElementAtAsync(at)).Index); // D25
        }

        Assert.Null(await query.OrderBy(record => record.Index).ElementAtOrDefaultAsync(1_025)); // D26
        Assert.Equal(0, (await query.OrderBy(record => record.Index).FirstAsync()).Index); // D27
        Assert.Equal(0, (await query.OrderByDescending(record => record.Index).LastAsync()).Index); // D28
        Assert.Equal(all, await Indexes(query.OrderBy(record => record.Index))); // D29
        Assert.Equal(all.AsEnumerable().Reverse(), await Indexes(query.OrderByDescending(record => record.Index)));
        Assert.Equal(all, await Indexes(query.OrderByDescending(record => record.Index).Reverse())); // D30
        Assert.Equal(all, (await query.Select(record => record.Index).ToListAsync()).Order()); // D31
        Assert.Equal(2_048, await query.SelectMany(record => (int[])[record.Index, record.Index]).CountAsync()); // D32
        Assert.Equal(all[512..], await Indexes(query.OrderBy(record => record.Index).Skip(512))); // D33
        Assert.Equal(all.Sum(), await query.Select(record => record.Index).SumAsync()); // D34
        Assert.Equal(all[..512], await Indexes(query.OrderBy(record => record.Index).Take(512))); // D35
        Assert.Equal(all[..512], (await Indexes(query.Where(record => record.Index < 512))).Order()); // D36
        var seen = 0;
        await foreach (var record in query)
        {
            Assert.NotNull(record);
            seen++;
        }

        Assert.Equal(1_024, seen); // D37
    }

    [Theory, OnDiskAndInMemory]
    public async Task Records_come_in_the_order_of_their_keys(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("order", folder.Options(inMemory));
        string[] keys = ["b", "a", "B", "é", "10", "9", "\U0001F600", "\uFFFD", ""];

        foreach (var key in keys[..^1])
        {
            database.Insert(Store, new Indexed(key, 0));
        }

        await database.CommitAsync();

        // By code points, so U+1F600 is the last.
        Assert.Equal(["10", "9", "B", "a", "b", "é", "\uFFFD", "\U0001F600"], await database.Query<Indexed>(Store).Select(record => record.Key).ToListAsync());
    }

    [Theory, OnDiskAndInMemory]
    public async Task A_query_can_be_enumerated_again_and_then_sees_what_was_committed_meanwhile(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await FilledAsync(folder, inMemory, 10);
        var limit = 5;
        var query = database.Query<Indexed>(Store).Where(record => record.Index < limit);

        Assert.Equal(5, await query.CountAsync());
        limit = 7;
        Assert.Equal(7, (await query.ToListAsync()).Count);
        database.Insert(Store, new Indexed("new", -1));
        await database.CommitAsync();

        Assert.Equal(8, await query.CountAsync());
    }

    [Theory, OnDiskAndInMemory]
    public async Task An_enumeration_sees_the_moment_at_which_it_began(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await FilledAsync(folder, inMemory, 300);

        var seen = new List<int>();
        await foreach (var record in database.Query<Indexed>(Store).OrderBy(record => record.Index))
        {
            seen.Add(record.Index);
            if (record.Index == 0)
            {
                database.Insert(Store, new Indexed("new", 1_000));
                database.Update(Store, new Indexed($"{299:D5}", -5));
                await database.CommitAsync();
            }
            else if (record.Index == 1)
            {
                await database.DropAsync(Store);
            }
        }

        Assert.Equal(Enumerable.Range(0, 300), seen);
        Assert.Empty(await database.Query<Indexed>(Store).ToListAsync());
    }

    [Fact]
    public async Task Taking_three_reads_four_at_most()
    {
        using var folder = new StoreFolder();
        await using var database = await FilledAsync(folder, inMemory: false);

        Counting.Read = 0;
        var taken = await AsyncEnumerable.Take(database.Query<Counting>(Store), 3).ToListAsync(); // in memory, on purpose
        Assert.Equal(3, taken.Count);
        Assert.InRange(Counting.Read, 3, 4);

        Counting.Read = 0;
        Assert.Equal(3, (await database.Query<Counting>(Store).Take(3).ToListAsync()).Count);
        Assert.Equal(3, Counting.Read);
    }

    [Theory, OnDiskAndInMemory]
    public async Task A_cancelled_enumeration_ends_and_the_database_goes_on(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await FilledAsync(folder, inMemory);
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var record in database.Query<Indexed>(Store).WithCancellation(cancel.Token))
            {
                if (record.Index == 100)
                {
                    await cancel.CancelAsync();
                }
            }
        });

        Assert.Equal(1_024, await database.Query<Indexed>(Store).CountAsync());
        database.Insert(Store, new Indexed("new", 0));
        await database.CommitAsync();
        Assert.Equal(1_025, await database.CountAsync(Store));
    }

    [Fact]
    public async Task A_long_search_stops_when_it_is_cancelled()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("long", folder.Options());
        for (var i = 0; i < 50_000; i++)
        {
            database.Insert(Store, new Indexed($"{i:D7}", i));
        }

        await database.CommitAsync();
        using var cancel = new CancellationTokenSource();

        // Nothing is found, so only SQLite itself can notice.
        var search = database.Query<Indexed>(Store).Where(record => record.Key.Contains("xx") || record.Key.EndsWith('y'))
            .FirstOrDefaultAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => search);
        Assert.Equal(50_000, await database.CountAsync(Store));
    }

    [Fact]
    public async Task Query_syntax_works()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options());
        Person[] people = [new("1", "Dora", 20, "admin"), new("2", "Carl", 50, "user"), new("3", "Bert", 40, "admin"), new("4", "Anna", 40, "admin")];
        foreach (var person in people)
        {
            database.Insert("users", person);
        }

        await database.CommitAsync();

        // The seeds' Example 4: the users of a role, ordered.
        var admins = from person in database.Query<Person>("users")
                     where person.Role == "admin"
                     orderby person.Age descending, person.Name
                     select person.Name;

        Assert.Equal(["Anna", "Bert", "Dora"], await admins.ToListAsync());
    }

    [Fact]
    public async Task More_enumerations_than_readers_is_a_typed_error_and_those_under_way_go_on()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("few", folder.Options() with { MaxReaders = 2 });
        database.Insert(Store, new Indexed("a", 1));
        await database.CommitAsync();
        await using var one = database.Query<Indexed>(Store).GetAsyncEnumerator();
        await using var two = database.Query<Indexed>(Store).GetAsyncEnumerator();
        Assert.True(await one.MoveNextAsync());
        Assert.True(await two.MoveNextAsync());

        var busy = await Assert.ThrowsAsync<StoreBusyException>(async () => await database.CountAsync(Store));

        Assert.Contains("MaxReaders", busy.Message, StringComparison.Ordinal);
        Assert.False(await one.MoveNextAsync());
        await one.DisposeAsync();
        Assert.Equal(1, await database.CountAsync(Store));
    }

    private static async Task<Database> FilledAsync(StoreFolder folder, bool inMemory, int count = 1_024)
    {
        var database = await Database.OpenAsync("filled", folder.Options(inMemory));
        foreach (var i in Enumerable.Range(0, count))
        {
            database.Insert(Store, new Indexed($"{i * 7 % count:D5}", i * 7 % count));
        }

        await database.CommitAsync();
        return database;
    }

    private static async Task<List<int>> Indexes(IAsyncEnumerable<Indexed> records) => await records.Select(record => record.Index).ToListAsync();

    private sealed class Counting
    {
        public static int Read;

        public Counting() => Interlocked.Increment(ref Read);

        public string Key { get; set; } = "";
    }
}
