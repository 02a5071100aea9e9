using Overlay.Nodes.Storage;

namespace Overlay.Nodes.Tests.Storage;

/// <summary>F43, first half: what the original tests check of a database (D1 to D14, D38), on disk and in memory.</summary>
public sealed class DatabaseTests
{
    private const string Users = "users";

    [Theory, OnDiskAndInMemory]
    public async Task A_store_that_is_not_there_is_empty(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));

        Assert.Equal(0, await database.CountAsync(Users)); // D1
        Assert.Null(await database.GetAsync<Person>(Users, "alice")); // D2
        Assert.Empty(await database.Query<Person>(Users).ToListAsync()); // D3
        Assert.Empty(await database.StoresAsync());
        Assert.False(await database.DropAsync(Users));
    }

    [Theory, OnDiskAndInMemory]
    public async Task The_first_commit_makes_the_store(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));

        database.Insert(Users, new Person("alice", "Alice", 30));
        Assert.Equal(1, await database.CommitAsync());

        Assert.Equal(1, await database.CountAsync(Users)); // D4
        Assert.Equal([Users], await database.StoresAsync());
    }

    [Theory, OnDiskAndInMemory]
    public async Task Exists_follows_commits(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));

        Assert.False(await database.ExistsAsync(Users, "alice")); // D5
        database.Insert(Users, new Person("alice", "Alice", 30));
        Assert.False(await database.ExistsAsync(Users, "alice"));
        await database.CommitAsync();
        Assert.True(await database.ExistsAsync(Users, "alice"));
        database.Delete(Users, "alice");
        await database.CommitAsync();
        Assert.False(await database.ExistsAsync(Users, "alice"));
    }

    [Theory, OnDiskAndInMemory]
    public async Task The_version_counts_stores_made_and_dropped(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));
        Assert.Equal("people", database.Name); // D6
        Assert.Equal(1, database.Version); // D7

        database.Insert("a", new Person("x", "X", 1));
        database.Delete("b", "not there");
        await database.CommitAsync();
        Assert.Equal(3, database.Version);
        Assert.True(await database.DropAsync("a"));
        Assert.Equal(4, database.Version);
        database.Insert("b", new Person("x", "X", 1));
        await database.CommitAsync();

        Assert.Equal(4, database.Version);
    }

    [Theory, OnDiskAndInMemory]
    public async Task Insert_update_and_delete_show_after_their_commit(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));
        var alice = new Person("alice", "Alice", 30);

        database.Insert(Users, alice);
        await database.CommitAsync();
        Assert.Equal(alice, await database.GetAsync<Person>(Users, "alice")); // D8

        database.Update(Users, alice with { Age = 31 });
        Assert.Equal(30, (await database.GetAsync<Person>(Users, "alice"))!.Age);
        await database.CommitAsync();
        Assert.Equal(31, (await database.GetAsync<Person>(Users, "alice"))!.Age); // D9

        database.Delete(Users, alice);
        await database.CommitAsync();
        Assert.Null(await database.GetAsync<Person>(Users, "alice")); // D10

        database.Insert(Users, alice);
        await database.CommitAsync();
        database.Delete(Users, "alice");
        await database.CommitAsync();
        Assert.Null(await database.GetAsync<Person>(Users, "alice")); // D11
    }

    [Theory, OnDiskAndInMemory]
    public async Task Update_and_delete_of_what_is_not_there_do_nothing(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));

        database.Update(Users, new Person("nobody", "Nobody", 0));
        database.Delete(Users, "nobody");
        Assert.Equal(2, await database.CommitAsync());

        Assert.Equal(0, await database.CountAsync(Users));
        Assert.Equal([Users], await database.StoresAsync());
    }

    [Theory, OnDiskAndInMemory]
    public async Task All_inserts_of_a_commit_are_counted(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));

        foreach (var count in (ReadOnlySpan<int>)[32, 256])
        {
            for (var i = 0; i < count; i++)
            {
                database.Insert($"store{count}", new Indexed(Database.NewKey(), i));
            }
        }

        await database.CommitAsync();

        Assert.Equal(32, await database.CountAsync("store32")); // D12
        Assert.Equal(256, await database.CountAsync("store256"));
    }

    [Theory, OnDiskAndInMemory]
    public async Task Eight_stores_of_one_commit_are_listed(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));

        for (var i = 7; i >= 0; i--)
        {
            database.Insert($"store {i} \"'\u2603", new Indexed("key", i));
        }

        await database.CommitAsync();

        Assert.Equal(Enumerable.Range(0, 8).Select(i => $"store {i} \"'\u2603"), await database.StoresAsync()); // D13
        Assert.Equal(5, (await database.GetAsync<Indexed>("store 5 \"'\u2603", "key"))!.Index);
    }

    [Theory, OnDiskAndInMemory]
    public async Task A_dropped_store_is_gone_at_once(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options(inMemory));
        database.Insert(Users, new Person("alice", "Alice", 30));
        await database.CommitAsync();

        Assert.True(await database.DropAsync(Users));

        Assert.Null(await database.GetAsync<Person>(Users, "alice")); // D14
        database.Insert(Users, new Person("alice", "Alice", 40));
        await database.CommitAsync();
        Assert.Equal(40, (await database.GetAsync<Person>(Users, "alice"))!.Age);
    }

    [Theory, OnDiskAndInMemory]
    public async Task A_dropped_and_reopened_database_is_empty(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using (var database = await Database.OpenAsync("people", folder.Options(inMemory)))
        {
            database.Insert(Users, new Person("alice", "Alice", 30));
            await database.CommitAsync();
        }

        await Database.DropAsync("people", folder.Options(inMemory));
        await Database.DropAsync("never was", folder.Options(inMemory) with { InMemory = true });
        await using var again = await Database.OpenAsync("people", folder.Options(inMemory));

        Assert.Equal(0, await again.CountAsync(Users)); // D38
        Assert.Equal(1, again.Version);
    }

    [Fact]
    public async Task What_was_committed_is_there_after_a_restart()
    {
        using var folder = new StoreFolder();
        await using (var database = await Database.OpenAsync("people", folder.Options()))
        {
            database.Insert(Users, new Person("alice", "Alice", 30));
            await database.CommitAsync();
            database.Insert(Users, new Person("bob", "Bob", 31)); // staged only
        }

        await using var again = await Database.OpenAsync(folder.File("people.db"));

        Assert.Equal(["alice"], await again.Query<Person>(Users).Select(person => person.Key).ToListAsync());
        Assert.Equal(2, again.Version);
        Assert.Equal(folder.File("people.db"), again.Path);
    }

    [Fact]
    public async Task One_process_may_open_a_database_twice_with_separate_staging()
    {
        using var folder = new StoreFolder();
        await using var one = await Database.OpenAsync("people", folder.Options());
        await using var other = await Database.OpenAsync("people", folder.Options());

        one.Insert(Users, new Person("alice", "Alice", 30));
        other.Insert(Users, new Person("bob", "Bob", 31));
        await one.CommitAsync();
        Assert.Equal(1, await other.CountAsync(Users));
        await other.CommitAsync();

        Assert.Equal(2, await one.CountAsync(Users));
        await one.DisposeAsync();
        Assert.Equal(2, await other.CountAsync(Users));
    }

    [Theory, OnDiskAndInMemory]
    public async Task Keys_are_found_by_name_by_attribute_and_by_selector(bool inMemory)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("keys", folder.Options(inMemory));
        var id = Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e");

        database.Insert("documents", new Document { Id = id });
        database.Insert("numbers", new Keyless(7), record => $"number-{record.Number}");
        database.Insert("numbered", new Numbered(42, "answer"));
        database.Insert("anonymous", new { key = "k", value = 1 });
        await database.CommitAsync();

        Assert.Equal("untitled", (await database.GetAsync<Document>("documents", id.ToString()))!.Title);
        Assert.Equal(7, (await database.GetAsync<Keyless>("numbers", "number-7"))!.Number);
        Assert.Equal("answer", (await database.GetAsync<Numbered>("numbered", "42"))!.Text);
        Assert.True(await database.ExistsAsync("anonymous", "k"));
    }

    [Fact]
    public async Task A_generated_context_reads_and_writes()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("people", folder.Options() with { Json = PersonContext.Default.Options });
        database.Insert(Users, new Person("alice", "Alice", 30, "admin"));
        database.Insert(Users, new Person("bob", "Bob", 31));
        await database.CommitAsync();

        var query = database.Query<Person>(Users).Where(person => person.Age > 30 && person.Role == null);

        Assert.Equal(["bob"], await query.Select(person => person.Key).ToListAsync());
        Assert.DoesNotContain("memory", query.Explain(), StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => database.Insert(Users, new Indexed("x", 1)));
    }

    [Fact]
    public void A_new_key_is_a_random_uuid()
    {
        var keys = Enumerable.Range(0, 100).Select(_ => Guid.Parse(Database.NewKey())).ToHashSet();

        Assert.Equal(100, keys.Count);
        Assert.All(keys, key => Assert.Equal(4, key.Version));
    }
}

/// <summary>Once on disk and once in memory.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OnDiskAndInMemoryAttribute : Xunit.v3.DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(System.Reflection.MethodInfo testMethod, Xunit.Sdk.DisposalTracker disposalTracker) =>
        new([new TheoryDataRow<bool>(false), new TheoryDataRow<bool>(true)]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
