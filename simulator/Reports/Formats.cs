using System.Globalization;

namespace Overlay.Simulator.Reports;

/// <summary>Numbers as people read them.</summary>
internal static class Formats
{
    public const string Nothing = "–";

    /// <summary>A version with no more of its commit than a reader compares.</summary>
    public static string Version(string version)
    {
        var plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 || version.Length <= plus + 10 ? version : version[..(plus + 10)];
    }

    public static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Percent(double? share) => share is { } value ? (100 * value).ToString("0.###", CultureInfo.InvariantCulture) + " %" : Nothing;

    /// <summary>Three significant digits: 4.52, 45.2, 452, 45.2 k, 45.2 M.</summary>
    public static string Number(double? number)
    {
        if (number is not { } value)
        {
            return Nothing;
        }

        var (size, scale, unit) = Math.Abs(value) switch
        {
            >= 1e9 => (value / 1e9, 1, " G"),
            >= 1e6 => (value / 1e6, 1, " M"),
            >= 1e4 => (value / 1e3, 1, " k"),
            _ => (value, 1, ""),
        };
        var digits = Math.Abs(size) switch
        {
            >= 100 => "0",
            >= 10 => "0.#",
            >= 1 => "0.##",
            _ => "0.####",
        };
        return (size * scale).ToString(digits, CultureInfo.InvariantCulture) + unit;
    }

    public static string Bytes(double value) => Math.Abs(value) switch
    {
        >= 1e9 => (value / 1e9).ToString("0.##", CultureInfo.InvariantCulture) + " GB",
        >= 1e6 => (value / 1e6).ToString("0.#", CultureInfo.InvariantCulture) + " MB",
        >= 1e4 => (value / 1e3).ToString("0.#", CultureInfo.InvariantCulture) + " kB",
        _ => value.ToString("0", CultureInfo.InvariantCulture) + " B",
    };

    public static string Milliseconds(double? value) => value switch
    {
        null => Nothing,
        >= 10_000 => (value.Value / 1000).ToString("0.0", CultureInfo.InvariantCulture) + " s",
        >= 100 => value.Value.ToString("0", CultureInfo.InvariantCulture) + " ms",
        _ => value.Value.ToString("0.##", CultureInfo.InvariantCulture) + " ms",
    };

    /// <summary>1 h 05 m, 2 m 30 s, 12.3 s.</summary>
    public static string Duration(TimeSpan value) => value switch
    {
        { TotalHours: >= 1 } => FormattableString.Invariant($"{(long)value.TotalHours} h {value.Minutes:00} m"),
        { TotalMinutes: >= 1 } => FormattableString.Invariant($"{value.Minutes} m {value.Seconds:00} s"),
        _ => value.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture) + " s",
    };
}
