using System.Text.Json.Serialization;

namespace Overlay.Nodes.Tests.Storage;

internal enum Colour
{
    Red,
    Green = 5,
    Blue = -3,
}

internal sealed class Inner
{
    public int Number { get; set; } = 11;

    public string? Word { get; set; }

    public Inner? Deeper { get; set; }
}

/// <summary>A record with a member of every kind that a condition can be about.</summary>
internal sealed class Item
{
    public string Key { get; set; } = "";

    public int Int { get; set; } = -1;

    public int? MaybeInt { get; set; } = 3;

    public long Long { get; set; }

    public byte Small { get; set; }

    public ulong Huge { get; set; }

    public double Real { get; set; }

    public double? MaybeReal { get; set; }

    public float Single { get; set; }

    public decimal Money { get; set; }

    public bool Flag { get; set; } = true;

    public bool? MaybeFlag { get; set; }

    public string? Text { get; set; } = "default";

    public Guid Id { get; set; }

    public DateTime When { get; set; }

    public DateTimeOffset At { get; set; }

    public DateOnly Day { get; set; }

    public TimeSpan Span { get; set; }

    public TimeOnly Time { get; set; }

    public Colour Colour { get; set; }

    public Colour? MaybeColour { get; set; }

    public Inner? Inner { get; set; }

    public Inner Always { get; set; } = new() { Number = 77, Word = "there" };

    public List<int> Numbers { get; set; } = [];

    [JsonIgnore]
    public int Ignored => Int * 2;

    /// <summary>Random records: few different values, so that conditions meet and orders have ties.</summary>
    public static Item Random(Random random, int number)
    {
        var instant = new DateTime(2026, 1, 1, 0, 0, 0, (DateTimeKind)random.Next(0, 3)).AddTicks(random.Next(-5, 5) * (random.Next(2) == 0 ? 1 : TimeSpan.TicksPerHour));
        return new Item
        {
            Key = $"{random.Next():x8}-{number}",
            Int = Pick(random, -5, -1, 0, 1, 2, 7, int.MaxValue, int.MinValue),
            MaybeInt = Pick<int?>(random, null, -1, 0, 3, int.MinValue),
            Long = Pick(random, 0, 1, -1, (1L << 53) + 1, long.MaxValue, long.MinValue),
            Small = (byte)random.Next(4),
            Huge = Pick(random, 0UL, 1UL, ulong.MaxValue),
            Real = Pick(random, 0.0, -0.0, 0.1, 0.30000000000000004, 0.3, 1e-320, 1.7976931348623157e308, -2.5, 123456789012345.67, 9007199254740993),
            MaybeReal = Pick<double?>(random, null, 0.1, 1.0 / 3),
            Single = Pick(random, 0f, 0.1f, 1f / 3, -7.5f),
            Money = Pick(random, 0m, 0.10m, 0.1m, -0.1m, 79228162514264337593543950335m, -79228162514264337593543950335m, 0.0000000000000000000000000001m, 12.5m),
            Flag = random.Next(2) == 0,
            MaybeFlag = Pick<bool?>(random, null, true, false),
            Text = PickText(random),
            Id = new Guid(random.Next(3), (short)random.Next(-1, 2), 0, [.. Enumerable.Repeat((byte)random.Next(256), 8)]),
            When = instant,
            At = new DateTimeOffset(DateTime.SpecifyKind(instant, DateTimeKind.Unspecified), TimeSpan.FromHours(random.Next(-2, 3))),
            Day = DateOnly.FromDateTime(instant).AddDays(random.Next(-1, 2)),
            Span = TimeSpan.FromTicks(random.Next(-3, 3) * (random.Next(2) == 0 ? 1 : TimeSpan.TicksPerDay)),
            Time = new TimeOnly(random.Next(2), random.Next(2), random.Next(2), random.Next(2)),
            Colour = Pick(random, Colour.Red, Colour.Green, Colour.Blue, (Colour)9),
            MaybeColour = Pick<Colour?>(random, null, Colour.Red, Colour.Blue),
            Inner = PickInner(random, 0),
            Always = PickInner(random, 1) ?? new Inner(),
            Numbers = [.. Enumerable.Range(0, random.Next(3))],
        };
    }

    public static string? PickText(Random random) =>
        Pick(random, null, "", "a", "A", "ab", "b", "ba", "Zoë", "é", "e\u0301", "%", "_a", "'; --", "\"\\", "\uFFFD", "\uE000", "\U0001F600", "\U0001F600a", "a\n", "\u2028");

    public static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];

    private static Inner? PickInner(Random random, int depth) => random.Next(3) == 0 || depth > 2 ? null
        : new Inner { Number = random.Next(-2, 3), Word = PickText(random), Deeper = PickInner(random, depth + 1) };
}
