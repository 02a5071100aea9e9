using System.Text.Json;
using System.Text.Unicode;

namespace Overlay.Messages;

/// <summary>What may travel as a signal: it is put into a text frame as it came, so it must be one JSON value and nothing else.</summary>
public static class GuestJson
{
    /// <summary>Deeper nesting than any signal has.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = MaxDepth };

    /// <summary>Whether <paramref name="json"/> is one JSON value in UTF-8, not too long. Allocates nothing where it is.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> json)
    {
        if (json.Length is 0 or > GuestSignal.MaxJsonBytes || !Utf8.IsValid(json))
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(json, Strict);
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
