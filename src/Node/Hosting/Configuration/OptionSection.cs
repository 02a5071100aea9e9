using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Overlay.Nodes.Hosting.Configuration;

/// <summary>A section of the configuration with a known set of keys: what is wrong in it is told with its whole key, the value, and what would be right.</summary>
/// <param name="Path">Where it lies, such as <c>Overlay:Node</c>.</param>
/// <param name="Keys">What may stand in it.</param>
internal sealed record OptionSection(string Path, IReadOnlyList<OptionKey> Keys)
{
    /// <summary>The value of a secret, wherever a value is shown.</summary>
    private const string Hidden = "(not shown)";

    /// <summary>Reads the section into <paramref name="options"/>.</summary>
    /// <exception cref="OptionsValidationException">A key that nobody knows, or a value that cannot be read; all of them are named.</exception>
    public void ReadInto(IConfiguration? configuration, string name, object options)
    {
        if (configuration is null)
        {
            return; // A program without a configuration sets its options in code.
        }

        var section = configuration.GetSection(Path);
        var errors = new List<string>();
        Check(section, "", errors);
        if (errors.Count > 0)
        {
            throw new OptionsValidationException(name, options.GetType(), errors);
        }

        section.Bind(options);
    }

    /// <summary>What options said of themselves, <c>Port: 70000 is not …</c>, with the whole key and what is allowed.</summary>
    public string Tell(string error)
    {
        var end = error.IndexOf(": ", StringComparison.Ordinal);
        var key = end < 0 ? null : Find(error[..end].Replace('.', ':'));
        if (key is null)
        {
            return $"{Path}: {error}";
        }

        var allowed = error.Contains(" … ", StringComparison.Ordinal) ? "" : $" Allowed: {key.Range}.";
        return $"{Path}:{key.Path}{error[end..]}{allowed}";
    }

    private OptionKey? Find(string path) => Keys.FirstOrDefault(key => string.Equals(key.Path, path, StringComparison.OrdinalIgnoreCase));

    private void Check(IConfigurationSection at, string path, List<string> errors)
    {
        foreach (var child in at.GetChildren())
        {
            var here = path.Length == 0 ? child.Key : $"{path}:{child.Key}";
            if (Find(here) is { } key)
            {
                CheckKey(child, key, errors);
            }
            else if (Keys.Any(known => known.Path.StartsWith(here + ":", StringComparison.OrdinalIgnoreCase)))
            {
                CheckGroup(child, here, errors);
            }
            else
            {
                errors.Add($"{child.Path}: there is no such option. Known here: {string.Join(", ", KnownBelow(path))}.");
            }
        }
    }

    private void CheckGroup(IConfigurationSection group, string path, List<string> errors)
    {
        if (!string.IsNullOrEmpty(group.Value))
        {
            errors.Add($"{group.Path}: '{group.Value}' stands where a group of options belongs: {string.Join(", ", KnownBelow(path))}.");
        }

        Check(group, path, errors);
    }

    private static void CheckKey(IConfigurationSection at, OptionKey key, List<string> errors)
    {
        if (!key.IsList)
        {
            var isNested = at.GetChildren().Any();
            if (isNested || Judge(at.Value, key) is not null)
            {
                errors.Add($"{at.Path}: {(isNested ? "it has values below it and takes one" : Judge(at.Value, key))}. Allowed: {key.Range}.");
            }

            return;
        }

        if (!string.IsNullOrEmpty(at.Value))
        {
            errors.Add($"{at.Path}: '{Shown(at.Value, key)}' stands where a list belongs; write {at.Path}:0. Allowed: {key.Range}.");
        }

        foreach (var item in at.GetChildren())
        {
            if (!int.TryParse(item.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _) || Judge(item.Value, key) is not null)
            {
                errors.Add($"{item.Path}: {Judge(item.Value, key) ?? "the keys of a list are 0, 1, 2 …"}. Allowed: {key.Range}.");
            }
        }
    }

    /// <summary>Why a value cannot be read; null where it can.</summary>
    private static string? Judge(string? value, OptionKey key)
    {
        var type = key.Type;
        if (value is null || (value.Length == 0 && type != typeof(string)))
        {
            return key.IsNullable ? null : "it has no value";
        }

        var isFine = type == typeof(string)
            || (type == typeof(Uri) && Uri.TryCreate(value, UriKind.Absolute, out _))
            || (type == typeof(bool) && bool.TryParse(value, out _))
            || (type == typeof(TimeSpan) && value.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out _))
            || (type.IsEnum && !char.IsAsciiDigit(value[0]) && Enum.TryParse(type, value, ignoreCase: true, out var named) && Enum.IsDefined(type, named))
            || (type == typeof(int) && int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            || (type == typeof(long) && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            || (type == typeof(ulong) && ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            || (type == typeof(double) && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _));
        return isFine ? null : $"'{Shown(value, key)}' is no {Word(type)}";
    }

    private static string Word(Type type) =>
        type == typeof(TimeSpan) ? "duration of the form HH:MM:SS" : type == typeof(Uri) ? "address" : type.IsEnum || type == typeof(bool) ? "value of it" : "whole number that fits";

    private static string Shown(string value, OptionKey key) => key.IsSecret ? Hidden : value;

    private IEnumerable<string> KnownBelow(string path)
    {
        var start = path.Length == 0 ? 0 : path.Length + 1;
        return Keys.Where(key => path.Length == 0 || key.Path.StartsWith(path + ":", StringComparison.OrdinalIgnoreCase))
            .Select(key => key.Path[start..].Split(':')[0])
            .Distinct(StringComparer.Ordinal);
    }
}
