using Overlay.Nodes.Storage;
using Overlay.Nodes.Storage.Sqlite;

namespace Overlay.Nodes.Tests.Storage;

/// <summary>Bad input and bad luck: each failure has a type, names cause and cure, and leaves the store usable.</summary>
public sealed class StoreFailureTests
{
    private const string Users = "users";

    [Fact]
    public async Task A_store_of_another_process_is_busy_until_that_process_ends()
    {
        using var folder = new StoreFolder();
        var path = folder.File("held.db");
        using var holder = await WriterProcess.StartAsync("hold", path);

        var busy = await Assert.ThrowsAsync<StoreBusyException>(() => Database.OpenAsync(path, folder.Options()));
        Assert.Contains("another process", busy.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreBusyException>(() => Database.DropAsync(path));
        using var giveUp = new CancellationTokenSource();
        var waiting = Database.OpenAsync(path, folder.Options() with { BusyTimeout = TimeSpan.FromMinutes(1) }, giveUp.Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        var patient = Database.OpenAsync(path, folder.Options() with { BusyTimeout = TimeSpan.FromMinutes(1) });
        await holder.EndAsync();
        await using var database = await patient;
        Assert.Equal(0, await database.CountAsync(Users));
    }

    [Fact]
    public async Task An_open_database_is_not_dropped()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("open", folder.Options());

        var busy = await Assert.ThrowsAsync<StoreBusyException>(() => Database.DropAsync("open", folder.Options()));

        Assert.Contains("Dispose", busy.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_store_refuses_the_commit_and_keeps_what_it_had()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("small", folder.Options() with { MaxBytes = 128 * 1_024 });
        database.Insert(Users, new Person("first", "First", 1));
        await database.CommitAsync();
        for (var i = 0; i < 500; i++)
        {
            database.Insert(Users, new Person($"{i}", new string('x', 1_000), i));
        }

        var full = await Assert.ThrowsAsync<StoreFullException>(() => database.CommitAsync());

        Assert.Equal(StoreError.Full, full.Reason);
        Assert.Contains("MaxBytes", full.Message, StringComparison.Ordinal);
        Assert.Equal(["first"], await database.Query<Person>(Users).Select(person => person.Key).ToListAsync());
        Assert.Equal(500, database.Rollback());
        database.Insert(Users, new Person("second", "Second", 2));
        await database.CommitAsync();
        Assert.Equal(2, await database.CountAsync(Users));
    }

    [Fact]
    public async Task A_file_that_is_no_store_is_refused_and_left_alone()
    {
        using var folder = new StoreFolder();
        await File.WriteAllTextAsync(folder.File("text.db"), new string('x', 5_000));

        var corrupt = await Assert.ThrowsAsync<StoreCorruptException>(() => Database.OpenAsync("text", folder.Options()));
        Assert.Contains("text.db", corrupt.Message, StringComparison.Ordinal);
        Assert.Equal(new string('x', 5_000), await File.ReadAllTextAsync(folder.File("text.db")));

        await using (await Bucket.OpenAsync(folder.File("other.db"), folder.BucketOptions()))
        {
            var open = await Assert.ThrowsAsync<StoreException>(() => Database.OpenAsync("other", folder.Options()));
            Assert.Equal(StoreError.NotAStore, open.Reason);
        }

        var closed = await Assert.ThrowsAsync<StoreException>(() => Database.OpenAsync("other", folder.Options()));
        Assert.Equal(StoreError.NotAStore, closed.Reason);
        await using var bucket = await Bucket.OpenAsync(folder.File("other.db"), folder.BucketOptions());
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_refused()
    {
        using var folder = new StoreFolder();
        await using (await Database.OpenAsync("newer", folder.Options()))
        {
        }

        var bytes = await File.ReadAllBytesAsync(folder.File("newer.db"));
        bytes[71]++; // the last byte of SQLite's application id
        await File.WriteAllBytesAsync(folder.File("newer.db"), bytes);

        var newer = await Assert.ThrowsAsync<StoreException>(() => Database.OpenAsync("newer", folder.Options()));

        Assert.Equal(StoreError.NewerFormat, newer.Reason);
        Assert.Contains("Update the program", newer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_file_is_reported_as_such()
    {
        using var folder = new StoreFolder();
        await using (var database = await Database.OpenAsync("damaged", folder.Options()))
        {
            for (var i = 0; i < 2_000; i++)
            {
                database.Insert(Users, new Person($"{i:D5}", new string('x', 200), i));
            }

            await database.CommitAsync();
        }

        var bytes = await File.ReadAllBytesAsync(folder.File("damaged.db"));
        bytes.AsSpan(5 * 4_096).Fill(0xEE); // everything behind the tables' definitions
        await File.WriteAllBytesAsync(folder.File("damaged.db"), bytes);
        await using var damaged = await Database.OpenAsync("damaged", folder.Options());

        await Assert.ThrowsAsync<StoreCorruptException>(async () => await damaged.Query<Person>(Users).ToListAsync());
        await Assert.ThrowsAsync<StoreCorruptException>(async () => await damaged.GetAsync<Person>(Users, "01999"));
        damaged.Insert("another", new Person("x", "X", 1));
        var commit = await Record.ExceptionAsync(() => damaged.CommitAsync());
        Assert.True(commit is null or StoreCorruptException, $"{commit}");
    }

    [Fact]
    public async Task Another_program_that_writes_makes_a_commit_wait_and_then_fail()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("shared", folder.Options());
        using (var shell = SqliteConnection.Open(folder.File("shared.db"), TimeSpan.Zero))
        {
            shell.Execute("BEGIN IMMEDIATE");
            database.Insert(Users, new Person("x", "X", 1));

            var busy = await Assert.ThrowsAsync<StoreBusyException>(() => database.CommitAsync());

            Assert.Contains("another program", busy.Message, StringComparison.Ordinal);
            Assert.Equal(0, await database.CountAsync(Users));
        }

        Assert.Equal(1, await database.CommitAsync());
        Assert.Equal(1, await database.CountAsync(Users));
    }

    [Fact]
    public async Task A_record_without_a_usable_key_is_refused_at_once()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("keys", folder.Options());

        foreach (var stage in (Action[])[
            () => database.Insert(Users, new Keyless(1)),
            () => database.Insert(Users, new Person("", "Nobody", 0)),
            () => database.Insert(Users, new Person(null!, "Nobody", 0)),
            () => database.Insert(Users, new Person("a\0b", "Zero", 0)),
            () => database.Insert(Users, new Person("\uD800", "Half", 0)),
            () => database.Insert(Users, new Person(new string('x', 1_025), "Long", 0)),
            () => database.Insert(Users, new { Key = 1.5 }),
            () => database.Update(Users, new Keyless(1), _ => null),
            () => database.Delete(Users, new Keyless(1)),
            () => database.Delete(Users, ""),
        ])
        {
            var required = Assert.Throws<KeyRequiredException>(stage);
            Assert.Contains("Nothing was staged", required.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, database.StagedCount);
        Assert.Throws<ArgumentNullException>(() => database.Insert<Person>(Users, null!));
        Assert.ThrowsAny<ArgumentException>(() => database.Insert("", new Person("x", "X", 1)));
    }

    [Fact]
    public async Task What_is_too_large_is_refused_before_it_is_staged()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("limits", folder.Options() with { MaxRecordBytes = 1_000, MaxStagedBytes = 2_500 });

        var record = Assert.Throws<StoreException>(() => database.Insert(Users, new Person("x", new string('x', 1_000), 1)));
        database.Insert(Users, new Person("1", new string('x', 900), 1));
        database.Insert(Users, new Person("2", new string('x', 900), 1));
        var staged = Assert.Throws<StoreException>(() => database.Insert(Users, new Person("3", new string('x', 900), 1)));

        Assert.Equal((StoreError.TooLarge, StoreError.TooLarge), (record.Reason, staged.Reason));
        Assert.Contains("Bucket", record.Message, StringComparison.Ordinal);
        Assert.Equal(2, await database.CommitAsync());
        database.Insert(Users, new Person("3", new string('x', 900), 1));
        Assert.Equal(1, await database.CommitAsync());
    }

    [Fact]
    public async Task A_record_read_as_another_type_names_store_and_key()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("types", folder.Options());
        database.Insert(Users, new { Key = "x", Age = "not a number" });
        await database.CommitAsync();

        var get = await Assert.ThrowsAsync<StoreException>(async () => await database.GetAsync<Person>(Users, "x"));
        var query = await Assert.ThrowsAsync<StoreException>(async () => await database.Query<Person>(Users).ToListAsync());

        Assert.Equal((StoreError.WrongType, StoreError.WrongType), (get.Reason, query.Reason));
        Assert.Contains("'x'", query.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_its_end_a_database_says_so()
    {
        using var folder = new StoreFolder();
        var database = await Database.OpenAsync("ended", folder.Options());
        var query = database.Query<Person>(Users);
        await database.DisposeAsync();
        await database.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => database.Insert(Users, new Person("x", "X", 1)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.CommitAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await database.GetAsync<Person>(Users, "x"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await query.ToListAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("with space")]
    [InlineData("umlaut\u00FC")]
    public async Task A_name_that_is_no_name_is_refused(string name)
    {
        using var folder = new StoreFolder();

        await Assert.ThrowsAnyAsync<ArgumentException>(() => Database.OpenAsync(name, folder.Options()));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_a_typed_error()
    {
        using var folder = new StoreFolder();
        await File.WriteAllTextAsync(folder.File("file"), "");

        var denied = await Assert.ThrowsAsync<StoreException>(() => Database.OpenAsync(folder.File("file/inside.db")));

        Assert.Equal(StoreError.AccessDenied, denied.Reason);
    }

    [Fact]
    public async Task Nobody_else_may_read_the_files()
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync(folder.File("inner/private.db"));
        database.Insert(Users, new Person("x", "X", 1));
        await database.CommitAsync();

        var files = Directory.GetFiles(folder.File("inner"));
        Assert.True(files.Length >= 2, string.Join(' ', files));
        if (!OperatingSystem.IsWindows())
        {
            var ownersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            foreach (var file in files)
            {
                Assert.Equal(ownersOnly, File.GetUnixFileMode(file));
            }

            Assert.Equal(ownersOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.File("inner")));
        }
    }

    [Fact]
    public void A_missing_library_names_the_cure()
    {
        var chosen = Assert.Throws<SqliteMissingException>(() => LibSqliteLoader.Load("no-such-library"));

        Assert.Contains("OVERLAY_LIBSQLITE3=no-such-library", chosen.Message, StringComparison.Ordinal);
        Assert.Equal(StoreError.LibraryMissing, chosen.Reason);
        Assert.NotEqual(0, LibSqliteLoader.Load(null));
        Assert.True(LibSqliteLoader.Version >= LibSqliteLoader.OldestVersion);
    }
}
