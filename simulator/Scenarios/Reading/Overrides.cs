using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>Puts values of the command line, <c>--set churn.session.median=10m</c>, into the tree of a scenario before it is read.</summary>
/// <remarks>So they meet the same checks as a file, and messages name the option.</remarks>
internal static class Overrides
{
    /// <summary>Puts one in. What is wrong with key or place becomes a finding.</summary>
    public static void Apply(JsonPart root, string text, Findings findings)
    {
        // An option of its own, such as --nodes=5, is named as it was written.
        var isOption = text.StartsWith("--", StringComparison.Ordinal);
        var source = isOption ? text : "--set " + text;
        text = isOption ? text[2..] : text;
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0 || !TrySplit(text[..equals].Trim(), out var steps))
        {
            findings.Add(new(ScenarioReason.Syntax, source, 0, 0, "", "must be KEY=VALUE with a key such as churn.session.median or phases[0].duration"));
            return;
        }

        var part = root;
        for (var i = 0; i < steps.Count - 1 && part is not null; i++)
        {
            part = Enter(part, steps[i], source, findings);
        }

        if (part is not null)
        {
            Put(part, steps[^1], text[(equals + 1)..].Trim(), source, findings);
        }
    }

    /// <summary>The names and indexes of a dotted key: <c>a.b[0]</c> and <c>a.b.0</c> are a, b, 0.</summary>
    private static bool TrySplit(string key, out List<string> steps)
    {
        steps = [.. key.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.')];
        return steps.TrueForAll(step => step.Length > 0);
    }

    private static JsonPart? Enter(JsonPart part, string step, string source, Findings findings)
    {
        if (part.Kind == JsonValueKind.Array)
        {
            return TryIndex(part, step, source, findings, out var index) ? part.Items[index] : null;
        }

        if (part.Kind != JsonValueKind.Object)
        {
            findings.Add(new(ScenarioReason.Impossible, source, 0, 0, part.Path, $"is {part.Shown} and has no parts; set it whole, as in --set '{part.Path}={{…}}'"));
            return null;
        }

        if (part[step] is { } there)
        {
            return there;
        }

        var added = new JsonPart { Kind = JsonValueKind.Object, Source = source, Folder = ".", Path = part.PathOf(step) };
        part.Members.Add(new(step, 0, 0, added));
        return added;
    }

    private static void Put(JsonPart part, string step, string text, string source, Findings findings)
    {
        if (part.Kind == JsonValueKind.Array)
        {
            if (TryIndex(part, step, source, findings, out var index) && Value(part.PathOf(index), text, source, findings) is { } item)
            {
                part.Items[index] = item;
            }

            return;
        }

        if (part.Kind != JsonValueKind.Object)
        {
            findings.Add(new(ScenarioReason.Impossible, source, 0, 0, part.Path, $"is {part.Shown} and has no parts; set it whole, as in --set '{part.Path}={{…}}'"));
            return;
        }

        if (Value(part.PathOf(step), text, source, findings) is { } value)
        {
            part.Members.RemoveAll(member => member.Key == step);
            part.Members.Add(new(step, 0, 0, value));
        }
    }

    private static bool TryIndex(JsonPart list, string step, string source, Findings findings, out int index)
    {
        if (int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out index) && index < list.Items.Count)
        {
            return true;
        }

        findings.Add(new(ScenarioReason.OutOfRange, source, 0, 0, list.Path, FormattableString.Invariant($"has {list.Items.Count} element(s), from [0]; there is no '{step}'")));
        return false;
    }

    /// <summary>Objects, lists and quoted texts are JSON; anything else is taken as it is and may stand for a number, a flag or a word.</summary>
    private static JsonPart? Value(string path, string text, string source, Findings findings) =>
        text.Length > 0 && text[0] is '{' or '[' or '"'
            ? JsonPartReader.Read(Encoding.UTF8.GetBytes(text), source, ".", path, isFile: false, findings)
            : new JsonPart { Kind = JsonValueKind.String, Text = text, IsLoose = true, Source = source, Folder = ".", Path = path };
}
