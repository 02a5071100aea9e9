using System.Linq.Expressions;
using Overlay.Nodes.Storage;

namespace Overlay.Nodes.Tests.Storage;

/// <summary>F46: whatever a query says, it gives what LINQ to objects gives over the same records, exceptions included.</summary>
public sealed class QueryPropertyTests
{
    private const string Store = "items";

    [Theory]
    [InlineData(false, 1, 600)]
    [InlineData(true, 2, 300)]
    public Task Random_queries_give_what_linq_to_objects_gives(bool inMemory, int seed, int count) => CompareAsync(inMemory, seed, count, withZeros: false);

    [Fact]
    public Task The_same_with_texts_that_contain_a_zero() => CompareAsync(inMemory: false, seed: 3, count: 200, withZeros: true);

    [SlowFact]
    public Task Twenty_thousand_random_queries_give_what_linq_to_objects_gives() => CompareAsync(inMemory: false, seed: 4, count: 20_000, withZeros: false);

    [Fact]
    public async Task Every_kind_of_condition_and_order_becomes_sql()
    {
        using var folder = new StoreFolder();
        await using var database = await FilledAsync(folder, inMemory: true, new Random(1), withZeros: false);
        var query = database.Query<Item>(Store);

        foreach (var explained in (string[])[
            query.Where(x => x.Real == 0.1 && x.Single < 1 && x.Money > 1 && x.When > DateTime.UnixEpoch && x.At < DateTimeOffset.MaxValue && x.Day > DateOnly.MinValue).Explain(),
            query.Where(x => x.Inner!.Deeper!.Word == "a" || !x.Flag || x.MaybeInt > 1).OrderBy(x => x.Text).ThenByDescending(x => x.Money).Skip(1).Take(2).Explain(),
            query.OrderBy(x => x.MaybeColour).ThenBy(x => x.Span).ThenBy(x => x.Time).ThenBy(x => x.Id).ThenBy(x => x.Small % 2 == 0).Explain(),
        ])
        {
            Assert.DoesNotContain("memory", explained, StringComparison.Ordinal);
        }

        Assert.Contains("in memory Where(x => (x.Text.Length > 1)), Take(2)", query.Where(x => x.Flag && x.Text!.Length > 1).Take(2).Explain(), StringComparison.Ordinal);
        Assert.Contains("in memory Where", query.Take(2).Where(x => x.Flag).Explain(), StringComparison.Ordinal);
    }

    private static async Task CompareAsync(bool inMemory, int seed, int count, bool withZeros)
    {
        using var folder = new StoreFolder();
        var random = new Random(seed);
        await using var database = await FilledAsync(folder, inMemory, random, withZeros);
        var records = await database.Query<Item>(Store).ToListAsync();
        var (inSql, thrown, found) = (0, 0, 0);
        for (var i = 0; i < count; i++)
        {
            var (query, expected) = Next(random, database.Query<Item>(Store), records);
            var wanted = Outcome(() => [.. expected.Select(item => item.Key)]);
            var got = await OutcomeAsync(query);
            Assert.True(wanted.SequenceEqual(got), $"query {i} of seed {seed}: {query.Explain()}\nwanted {string.Join(' ', wanted)}\ngot    {string.Join(' ', got)}");
            if (!wanted[0].Contains("Exception", StringComparison.Ordinal))
            {
                Assert.Equal(wanted.Count - 1, await query.CountAsync());
            }

            inSql += query.Explain().Contains("in memory", StringComparison.Ordinal) ? 0 : 1;
            thrown += wanted[0].Contains("Exception", StringComparison.Ordinal) ? 1 : 0;
            found += wanted.Count > 1 ? 1 : 0;
        }

        // The test says something only if most queries were SQL, some threw, and many found something.
        Assert.True(inSql > (withZeros ? count / 5 : 2 * count / 5), $"{inSql} of {count} were SQL");
        Assert.True(thrown > 0 && found > count / 4, $"{thrown} threw, {found} found something, of {count}");
    }

    /// <summary>The kind of outcome first, then the keys.</summary>
    private static List<string> Outcome(Func<List<string>> run)
    {
        try
        {
            return ["records:", .. run()];
        }
        catch (Exception error)
        {
            return [error.GetType().Name];
        }
    }

    private static async Task<List<string>> OutcomeAsync(StoreQuery<Item> query)
    {
        try
        {
            return ["records:", .. await query.Select(item => item.Key).ToListAsync()];
        }
        catch (Exception error)
        {
            return [error is StoreException ? error.ToString() : error.GetType().Name];
        }
    }

    private static (StoreQuery<Item> Query, IEnumerable<Item> Expected) Next(Random random, StoreQuery<Item> query, IEnumerable<Item> expected)
    {
        var left = int.MaxValue;
        for (var steps = random.Next(1, 5); steps > 0; steps--)
        {
            switch (random.Next(5))
            {
                case 0 or 1:
                    var condition = RandomConditions.Next(random, 3);
                    (query, expected) = (query.Where(condition), expected.Where(condition.Compile()));
                    break;
                case 2 or 3:
                    (query, expected) = RandomOrders.Next(random, query, expected);
                    break;
                default:
                    // Where nothing is left to take, LINQ to objects does not even look, and so nothing throws.
                    var (skip, take) = (random.Next(-1, 30), random.Next(4, 60));
                    skip = skip < left ? skip : 0;
                    (query, expected) = random.Next(left == 0 ? 2 : 3) switch
                    {
                        0 => (query.Skip(skip), expected.Skip(skip)),
                        1 => (query.Take(take), expected.Take(take)),
                        _ => (query.Skip(skip).Take(take).Skip(3), expected.Skip(skip).Take(take).Skip(3)),
                    };
                    left = 0;
                    break;
            }
        }

        return (query, expected);
    }

    private static async Task<Database> FilledAsync(StoreFolder folder, bool inMemory, Random random, bool withZeros)
    {
        var database = await Database.OpenAsync("items", folder.Options(inMemory));
        for (var i = 0; i < 120; i++)
        {
            database.Insert(Store, Item.Random(random, i));
        }

        // Written by an older program that knew fewer members.
        database.Insert(Store, new { Key = "old-1" });
        database.Insert(Store, new { Key = "old-2", Int = 1, Text = "ab", Inner = new { Word = "a" } });
        database.Insert(Store, new { Key = "old-3", Always = new { }, Inner = new { Number = 2, Deeper = new { } } });
        if (withZeros)
        {
            database.Insert(Store, new Item { Key = "zero", Text = "a\0b" });
        }

        await database.CommitAsync();
        return database;
    }
}

/// <summary>Random orders with further ones.</summary>
internal static class RandomOrders
{
    private static readonly LambdaExpression[] Keys =
    [
        Key(x => x.Int), Key(x => x.MaybeInt), Key(x => x.Long), Key(x => x.Small), Key(x => x.Huge), Key(x => x.Real), Key(x => x.MaybeReal), Key(x => x.Single),
        Key(x => x.Money), Key(x => x.Flag), Key(x => x.MaybeFlag), Key(x => x.Text), Key(x => x.Text), Key(x => x.Id), Key(x => x.When), Key(x => x.At), Key(x => x.Day),
        Key(x => x.Span), Key(x => x.Time), Key(x => x.Colour), Key(x => x.MaybeColour), Key(x => x.Always.Word), Key(x => x.Always.Number), Key(x => x.Int % 3),
        Key(x => x.Text ?? "m"), Key(x => x.Flag ? x.Int : 0), Key(x => x.Numbers.Count), Key(x => x.Key),
    ];

    public static (StoreQuery<Item> Query, IEnumerable<Item> Expected) Next(Random random, StoreQuery<Item> query, IEnumerable<Item> expected)
    {
        dynamic first = Keys[random.Next(Keys.Length)];
        var (ordered, wanted) = ((OrderedStoreQuery<Item>, IOrderedEnumerable<Item>))First(query, expected, first, random.Next(2) == 0);
        while (random.Next(2) == 0)
        {
            dynamic next = Keys[random.Next(Keys.Length)];
            (ordered, wanted) = ((OrderedStoreQuery<Item>, IOrderedEnumerable<Item>))Then(ordered, wanted, next, random.Next(2) == 0);
        }

        return (ordered, wanted);
    }

    private static Expression<Func<Item, TKey>> Key<TKey>(Expression<Func<Item, TKey>> key) => key;

    private static (OrderedStoreQuery<Item> Query, IOrderedEnumerable<Item> Expected) First<TKey>(
        StoreQuery<Item> query, IEnumerable<Item> expected, Expression<Func<Item, TKey>> key, bool descending) => descending
        ? (query.OrderByDescending(key), expected.OrderByDescending(key.Compile(), Comparer<TKey>()))
        : (query.OrderBy(key), expected.OrderBy(key.Compile(), Comparer<TKey>()));

    private static (OrderedStoreQuery<Item> Query, IOrderedEnumerable<Item> Expected) Then<TKey>(
        OrderedStoreQuery<Item> query, IOrderedEnumerable<Item> expected, Expression<Func<Item, TKey>> key, bool descending) => descending
        ? (query.ThenByDescending(key), expected.ThenByDescending(key.Compile(), Comparer<TKey>()))
        : (query.ThenBy(key), expected.ThenBy(key.Compile(), Comparer<TKey>()));

    /// <summary>Texts are to be ordered ordinally.</summary>
    private static IComparer<TKey> Comparer<TKey>() => typeof(TKey) == typeof(string) ? (IComparer<TKey>)(object)StringComparer.Ordinal : System.Collections.Generic.Comparer<TKey>.Default;
}
