using System.Linq.Expressions;

namespace Overlay.Nodes.Tests.Storage;

/// <summary>Random conditions over <see cref="Item"/>, with captured variables, combined by and, or, not.</summary>
internal static class RandomConditions
{
    private static readonly Func<Random, Expression<Func<Item, bool>>>[] Plain =
    [
        r => Equal(x => x.Int, Item.Random(r, 0).Int, r),
        r => Less(x => x.Int, Item.Random(r, 0).Int, r),
        r => Equal(x => x.MaybeInt, Item.Random(r, 0).MaybeInt, r),
        r => Less(x => x.MaybeInt, Item.Random(r, 0).MaybeInt, r),
        r => Equal(x => x.Long, Item.Random(r, 0).Long, r),
        r => Less(x => x.Long, Item.Random(r, 0).Long, r),
        r => Less(x => x.Small, Item.Random(r, 0).Small, r, typeof(int)),
        r => Equal(x => x.Real, Item.Random(r, 0).Real, r),
        r => Less(x => x.Real, Item.Random(r, 0).Real, r),
        r => Equal(x => x.MaybeReal, Item.Random(r, 0).MaybeReal, r),
        r => Less(x => x.MaybeReal, Item.Random(r, 0).MaybeReal, r),
        r => Equal(x => x.Single, Item.Random(r, 0).Single, r),
        r => Less(x => x.Single, Item.Random(r, 0).Single, r),
        r => Equal(x => x.Money, Item.Random(r, 0).Money, r),
        r => Less(x => x.Money, Item.Random(r, 0).Money, r),
        r => Equal(x => x.Text, Item.PickText(r), r),
        r => Equal(x => x.Id, Item.Random(r, 0).Id, r),
        r => Less(x => x.Id, Item.Random(r, 0).Id, r),
        r => Equal(x => x.When, Item.Random(r, 0).When, r),
        r => Less(x => x.When, Item.Random(r, 0).When, r),
        r => Equal(x => x.At, Item.Random(r, 0).At, r),
        r => Less(x => x.At, Item.Random(r, 0).At, r),
        r => Less(x => x.Day, Item.Random(r, 0).Day, r),
        r => Less(x => x.Span, Item.Random(r, 0).Span, r),
        r => Less(x => x.Time, Item.Random(r, 0).Time, r),
        r => Equal(x => x.Colour, Item.Random(r, 0).Colour, r),
        r => Equal(x => x.MaybeColour, Item.Random(r, 0).MaybeColour, r),
        r => Equal(x => x.MaybeFlag, Item.Random(r, 0).MaybeFlag, r),
        r => Equal(x => x.Always.Number, r.Next(-2, 3), r),
        r => Equal(x => x.Always.Word, Item.PickText(r), r),
        _ => x => x.Flag,
        _ => x => x.MaybeFlag ?? false,
        _ => x => x.Int == x.MaybeInt,
        _ => x => x.Real > x.Int,
        _ => x => x.Long > x.Real,
        _ => x => x.Single == x.Real,
        _ => x => x.Text == x.Always.Word,
        _ => x => x.Text == null,
        _ => x => x.Inner != null && x.Inner.Number > 0,
        _ => x => x.Inner == null || x.Inner.Word != null,
        _ => x => x.Inner != null && x.Inner.Deeper != null && x.Inner.Deeper.Number == 1,
        _ => x => x.MaybeInt.HasValue,
        _ => x => x.MaybeInt != null && x.MaybeInt.Value < 2,
        _ => x => x.MaybeInt.GetValueOrDefault() == 0,
        _ => x => x.MaybeReal.GetValueOrDefault(0.5) > 0.3,
        _ => x => (x.Flag ? x.Int : x.Small) > 1,
        _ => x => string.IsNullOrEmpty(x.Text),
        r => Captured(Item.PickText(r) ?? "", text => x => x.Text != null && x.Text.Contains(text)),
        r => Captured(Item.PickText(r) ?? "", text => x => x.Text != null && x.Text.StartsWith(text, StringComparison.Ordinal)),
        r => Captured(Item.PickText(r) ?? "", text => x => x.Text != null && x.Text.EndsWith(text, StringComparison.Ordinal)),
        r => Captured(Item.PickText(r) ?? "", text => x => string.CompareOrdinal(x.Text, text) < 0),
        r => Captured(Item.PickText(r) ?? "", text => x => string.Compare(x.Text, text, StringComparison.Ordinal) >= 0),
        r => Captured(Item.PickText(r), text => x => string.Equals(x.Text, text)),
        _ => x => x.Text != null && x.Text.Contains('a') && !x.Text.EndsWith('a'),
        r => Captured((int[])[r.Next(-5, 3), r.Next(-5, 3), 7], values => x => values.Contains(x.Int)),
        r => Captured(new List<string?> { Item.PickText(r), Item.PickText(r), null }, values => x => values.Contains(x.Text)),
        r => Captured(new HashSet<int> { r.Next(-5, 3), 7 }, values => x => values.Contains(x.Int)),
        r => Captured((int?[])[r.Next(-2, 3), null], values => x => values.Contains(x.MaybeInt)),
        r => Captured(r.Next(2, 5), by => x => x.Int % by == 1),
        r => Captured(r.Next(2, 5), by => x => x.Long / by > 0),
        r => Captured(r.Next(-3, 4), by => x => x.Int + by > x.Small),
        r => Captured(r.Next(-3, 4), by => x => x.Int * by - x.Small < 2),
        _ => x => (x.Small & 2) != 0,
        r => Captured(r.Next(2) == 0, constant => x => constant || x.Int > 0),
        r => Captured(r.Next(2) == 0, constant => x => constant && x.Int > 0),
        r => Captured(r.Next(2) == 0 ? null : "a", text => x => text == null || x.Text == text.Trim()),
    ];

    /// <summary>What throws for some records unless something before it is false.</summary>
    private static readonly Func<Random, Expression<Func<Item, bool>>>[] Throwing =
    [
        _ => x => x.Inner!.Number > 0,
        _ => x => x.Inner!.Deeper!.Word == "a",
        _ => x => x.Text!.Contains("ab"),
        _ => x => x.Text!.Equals("a"),
        _ => x => x.MaybeInt!.Value > 1,
        _ => x => (int)x.MaybeReal! > 1,
        _ => x => (long)x.MaybeInt! > 1,
        _ => x => x.MaybeFlag!.Value,
    ];

    /// <summary>What SQL cannot say exactly.</summary>
    private static readonly Func<Random, Expression<Func<Item, bool>>>[] ForMemory =
    [
        _ => x => x.Huge > 1,
        _ => x => x.Numbers.Count > 1,
        _ => x => x.Ignored > 2,
        _ => x => x.Text != null && x.Text.Length > 1,
        _ => x => x.When.Hour == 1,
        _ => x => (x.Text ?? "").Trim() == "a",
        _ => x => 7 / (x.Small + 1) > 1,
        _ => x => x.Long + 1 > 0,
        r => Captured(new HashSet<string?>(StringComparer.OrdinalIgnoreCase) { Item.PickText(r) ?? "" }, values => x => values.Contains(x.Text)),
    ];

    public static Expression<Func<Item, bool>> Next(Random random, int depth)
    {
        if (depth > 0 && random.Next(3) > 0)
        {
            var left = Next(random, depth - 1);
            if (random.Next(4) == 0)
            {
                return Expression.Lambda<Func<Item, bool>>(Expression.Not(left.Body), left.Parameters);
            }

            var right = new Renamed(left.Parameters[0]).Visit(Next(random, depth - 1).Body);
            return Expression.Lambda<Func<Item, bool>>(random.Next(2) == 0 ? Expression.AndAlso(left.Body, right) : Expression.OrElse(left.Body, right), left.Parameters);
        }

        var kind = random.Next(40) switch { < 2 => Throwing, < 4 => ForMemory, _ => Plain };
        return kind[random.Next(kind.Length)](random);
    }

    private static Expression<Func<Item, bool>> Captured<T>(T value, Func<T, Expression<Func<Item, bool>>> make) => make(value);

    private static Expression<Func<Item, bool>> Equal<T>(Expression<Func<Item, T>> member, T value, Random random)
    {
        Expression<Func<T>> captured = () => value;
        var (left, right) = Compared(member.Body, captured.Body, typeof(T), typeof(T).IsEnum ? typeof(int) : null);
        var body = random.Next(2) == 0 ? Expression.Equal(left, right) : Expression.NotEqual(left, right);
        return Expression.Lambda<Func<Item, bool>>(body, member.Parameters);
    }

    private static Expression<Func<Item, bool>> Less<T>(Expression<Func<Item, T>> member, T value, Random random, Type? widened = null)
    {
        Expression<Func<T>> captured = () => value;
        var (left, right) = Compared(member.Body, captured.Body, typeof(T), widened);
        if (random.Next(2) == 0)
        {
            (left, right) = (right, left);
        }

        var body = random.Next(4) switch
        {
            0 => Expression.LessThan(left, right),
            1 => Expression.LessThanOrEqual(left, right),
            2 => Expression.GreaterThan(left, right),
            _ => Expression.GreaterThanOrEqual(left, right),
        };
        return Expression.Lambda<Func<Item, bool>>(body, member.Parameters);
    }

    /// <summary>As the compiler writes comparisons: enumerations and small numbers as int.</summary>
    private static (Expression Left, Expression Right) Compared(Expression left, Expression right, Type type, Type? widened)
    {
        if (Nullable.GetUnderlyingType(type) is { IsEnum: true })
        {
            widened = typeof(int?);
        }

        return widened is null ? (left, right) : (Expression.Convert(left, widened), Expression.Convert(right, widened));
    }

    private sealed class Renamed(ParameterExpression to) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node.Type == typeof(Item) ? to : node;
    }
}
