using System.Globalization;

namespace Overlay.Simulator.Scenarios;

/// <summary>Durations as people write them: <c>500ms</c>, <c>30s</c>, <c>10m</c>, <c>1h</c>, also with a decimal point.</summary>
public static class Durations
{
    /// <summary>What a duration looks like, for messages.</summary>
    public const string Form = "500ms, 30s, 10m or 1h";

    /// <summary>What a duration looks like, for the JSON schema.</summary>
    internal const string Pattern = @"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$";

    private static readonly (string Unit, long Ticks)[] Units =
    [
        ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond), ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour),
    ];

    /// <summary>Reads a duration; false where the text is none, is negative, or is longer than 100 years.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        foreach (var (unit, ticks) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && decimal.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
            {
                if (count > 36_525L * TimeSpan.TicksPerDay / ticks)
                {
                    return false;
                }

                duration = new TimeSpan((long)Math.Round(count * ticks));
                return true;
            }
        }

        return false;
    }

    /// <summary>Writes a duration in the largest unit that needs no decimal point; <see cref="TryParse"/> reads the same back.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
        {
            return "0s";
        }

        for (var i = Units.Length - 1; i >= 0; i--)
        {
            if (duration.Ticks % Units[i].Ticks == 0)
            {
                return (duration.Ticks / Units[i].Ticks).ToString(CultureInfo.InvariantCulture) + Units[i].Unit;
            }
        }

        return ((decimal)duration.Ticks / TimeSpan.TicksPerMillisecond).ToString(CultureInfo.InvariantCulture) + "ms";
    }
}
