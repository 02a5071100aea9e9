using Overlay.Nodes.Storage;

namespace Overlay.Nodes.Tests.Storage;

/// <summary>F46: however many records pass, a query keeps but a few.</summary>
[Collection(nameof(Alone))]
public sealed class QueryMemoryTests
{
    private const string Store = "records";

    [Fact]
    public Task Fifty_thousand_records_pass_in_constant_memory() => PassAsync(50_000);

    [SlowFact]
    public Task A_million_records_pass_in_constant_memory() => PassAsync(1_000_000);

    /// <summary>What is alive while records pass: a page of them, not the store.</summary>
    private static async Task PassAsync(int count)
    {
        using var folder = new StoreFolder();
        await using var database = await Database.OpenAsync("long", folder.Options() with { Durability = StoreDurability.Normal });
        for (var i = 0; i < count; i++)
        {
            database.Insert(Store, new Person($"{i:D7}", new string('n', 150), i));
            if (i % 50_000 == 49_999)
            {
                await database.CommitAsync();
            }
        }

        foreach (var query in (StoreQuery<Person>[])[database.Query<Person>(Store), database.Query<Person>(Store).OrderByDescending(person => person.Age)])
        {
            var (before, most, passed) = (GC.GetTotalMemory(forceFullCollection: true), 0L, 0);
            await foreach (var person in query)
            {
                if (++passed % (count / 5) == 0)
                {
                    most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
                }
            }

            Assert.Equal(count, passed);
            Assert.InRange(most, long.MinValue, 8 << 20);
        }
    }
}
