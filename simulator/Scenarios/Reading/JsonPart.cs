using System.Text.Json;

namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>A value of a JSON text that knows where it stands, so that whoever refuses it can say so.</summary>
internal sealed class JsonPart
{
    /// <summary>Object, Array, String, Number, True, False or Null.</summary>
    public required JsonValueKind Kind { get; init; }

    /// <summary>The file, the built-in scenario, or the option it came from.</summary>
    public required string Source { get; init; }

    /// <summary>From 1; 0 where the value came from no file.</summary>
    public int Line { get; init; }

    /// <summary>From 1; 0 where the value came from no file.</summary>
    public int Column { get; init; }

    /// <summary>Where it stands in the whole, such as <c>phases[0].name</c>.</summary>
    public required string Path { get; init; }

    /// <summary>The text of a string, or the digits of a number.</summary>
    public string Text { get; init; } = "";

    /// <summary>The value was given on the command line: its text may stand for a number, a flag or a list as well.</summary>
    public bool IsLoose { get; init; }

    /// <summary>The folder against which names of files are understood.</summary>
    public required string Folder { get; init; }

    /// <summary>The members of an object, in order.</summary>
    public List<JsonMember> Members { get; } = [];

    /// <summary>The elements of an array.</summary>
    public List<JsonPart> Items { get; } = [];

    /// <summary>The value of a key, or null.</summary>
    public JsonPart? this[string key] => Members.Find(member => member.Key == key)?.Value;

    /// <summary>The place to point at for a key: its value where it is there, or the object.</summary>
    public JsonPart At(string key) => this[key] ?? this;

    public string PathOf(string key) => Path.Length == 0 ? key : Path + "." + key;

    public string PathOf(int index) => FormattableString.Invariant($"{Path}[{index}]");

    /// <summary>The value as it may be repeated in a message, never long.</summary>
    public string Shown => Kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => $"'{(Text.Length <= 60 ? Text : string.Concat(Text.AsSpan(0, 57), "..."))}'",
        JsonValueKind.Number => Text.Length <= 60 ? Text : string.Concat(Text.AsSpan(0, 57), "..."),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };
}

/// <summary>A key of an object with its value; line and column are the key's.</summary>
internal sealed record JsonMember(string Key, int Line, int Column, JsonPart Value);
