using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Overlay.Nodes.Storage;

namespace Overlay.Benchmarks.Storage;

/// <summary>A record of about 200 bytes of JSON.</summary>
internal sealed record Row(string Key, int Index, string Name, string Role, double Score, string Padding)
{
    public static Row Make(int index) => new(
        $"{index:D8}", index, $"name {index * 7919 % 100_003}", index % 100 == 0 ? "admin" : "user", index * 0.1, new string((char)('a' + (index % 26)), 80));
}

/// <summary>Database and Bucket beside what a program would write without them: ADO.NET on the same SQLite, and plain files.</summary>
/// <remarks>Everybody takes turns in each round; the best round counts. The rival serializes and reads the same records.</remarks>
internal static class StorageComparison
{
    private const int Rounds = 3;
    private const int Reads = 20_000;
    private const int SingleCommits = 1_000;

    public static async Task<int> RunAsync(TextWriter output, int records)
    {
        var best = new SortedDictionary<string, (double Ours, double Rival)>(StringComparer.Ordinal);
        var rows = Enumerable.Range(0, records).Select(Row.Make).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            var folder = Directory.CreateTempSubdirectory("overlay-bench-");
            try
            {
                await DatabaseAsync(folder.FullName, rows, (name, rate) => Keep(best, name, rate, isOurs: true));
                SqliteRival.Run(folder.FullName, rows, (Reads, SingleCommits), (name, rate) => Keep(best, name, rate, isOurs: false));
                await BucketComparison.RunAsync(folder.FullName, (name, rate, isOurs) => Keep(best, name, rate, isOurs));
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{records:N0} records of {JsonSerializer.SerializeToUtf8Bytes(rows[0]).Length} bytes; best of {Rounds} rounds; a second:"));
        foreach (var (name, (ours, rival)) in best)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name[2..],-60} {ours,14:N0} {rival,14:N0}   x{ours / rival:F2}"));
        }

        await MemoryAsync(output);
        return 0;
    }

    private static async Task DatabaseAsync(string folder, Row[] rows, Action<string, double> report)
    {
        await using var database = await Database.OpenAsync(Path.Combine(folder, "ours.db"));
        var time = Stopwatch.StartNew();
        foreach (var row in rows)
        {
            database.Insert("rows", row);
        }

        await database.CommitAsync();
        report("1 records inserted in one commit", rows.Length / time.Elapsed.TotalSeconds);

        var random = new Random(1);
        time.Restart();
        for (var i = 0; i < Reads; i++)
        {
            _ = await database.GetAsync<Row>("rows", rows[random.Next(rows.Length)].Key);
        }

        report("2 records read by key", Reads / time.Elapsed.TotalSeconds);

        time.Restart();
        var count = await database.Query<Row>("rows").LongCountInMemoryAsync();
        report("3 records of a whole store, read and made objects", count / time.Elapsed.TotalSeconds);

        time.Restart();
        count = await database.Query<Row>("rows").Where(row => row.Role == "admin" && row.Index > 50).OrderByDescending(row => row.Index).LongCountInMemoryAsync();
        report("4 records searched by a condition (1 % found), ordered", rows.Length / time.Elapsed.TotalSeconds);

        time.Restart();
        for (var i = 0; i < SingleCommits; i++)
        {
            database.Insert("single", rows[i]);
            await database.CommitAsync();
        }

        report("5 commits of one record, safe against power failure", SingleCommits / time.Elapsed.TotalSeconds);
    }

    /// <summary>A million records enumerated: what is alive meanwhile, and how long until the first.</summary>
    private static async Task MemoryAsync(TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("overlay-bench-");
        try
        {
            await using var database = await Database.OpenAsync(Path.Combine(folder.FullName, "million.db"), new DatabaseOptions { Durability = StoreDurability.Normal });
            for (var i = 0; i < 1_000_000; i++)
            {
                database.Insert("rows", Row.Make(i));
                if (i % 100_000 == 99_999)
                {
                    await database.CommitAsync();
                }
            }

            foreach (var (name, query) in ((string, StoreQuery<Row>)[])[
                ("in key order", database.Query<Row>("rows")), ("ordered by a number", database.Query<Row>("rows").OrderByDescending(row => row.Score))])
            {
                output.WriteLine(name + ": " + await EnumerateAsync(query));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> EnumerateAsync(StoreQuery<Row> query)
    {
        GC.Collect();
        var (before, most, count, first) = (Environment.WorkingSet, 0L, 0, TimeSpan.Zero);
        var time = Stopwatch.StartNew();
        await foreach (var _ in query)
        {
            if (count == 0)
            {
                first = time.Elapsed;
            }

            if (++count % 10_000 == 0)
            {
                most = Math.Max(most, Environment.WorkingSet - before);
            }
        }

        return string.Create(
            CultureInfo.InvariantCulture, $"{count:N0} records in {time.Elapsed.TotalSeconds:F1} s, the first after {first.TotalMilliseconds:F1} ms, {most / 1_048_576.0:F1} MiB of working set more");
    }

    private static async Task<int> LongCountInMemoryAsync(this IAsyncEnumerable<Row> rows)
    {
        var count = 0;
        await foreach (var row in rows)
        {
            count += row.Key.Length > 0 ? 1 : 0;
        }

        return count;
    }

    private static void Keep(SortedDictionary<string, (double Ours, double Rival)> best, string name, double rate, bool isOurs)
    {
        var (ours, rival) = best.GetValueOrDefault(name);
        best[name] = isOurs ? (Math.Max(ours, rate), rival) : (ours, Math.Max(rival, rate));
    }
}
