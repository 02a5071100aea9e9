using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>Reads a JSON text into parts that know their lines. Comments and commas before a closing bracket are welcome.</summary>
internal ref struct JsonPartReader
{
    /// <summary>The largest text that is read, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    private const int MaxDepth = 24;

    private readonly ReadOnlySpan<byte> _text;
    private readonly string _source;
    private readonly string _folder;
    private readonly bool _isFile;
    private readonly Findings _findings;
    private Utf8JsonReader _reader;
    private int _line = 1;
    private int _lineStart;
    private int _counted;

    private JsonPartReader(ReadOnlySpan<byte> text, string source, string folder, bool isFile, Findings findings)
    {
        _text = text;
        _source = source;
        _folder = folder;
        _isFile = isFile;
        _findings = findings;
        _reader = new(text, new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = MaxDepth });
    }

    /// <summary>The text as a tree, or null (and a finding) where it is no JSON.</summary>
    /// <param name="text">UTF-8, with or without a byte order mark.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <param name="folder">Where names of files start from.</param>
    /// <param name="path">The path of the value, for a text that is only a part of a scenario.</param>
    /// <param name="isFile">Whether lines and columns mean something to the reader of a message.</param>
    /// <param name="findings">Gets what is wrong.</param>
    public static JsonPart? Read(ReadOnlySpan<byte> text, string source, string folder, string path, bool isFile, Findings findings)
    {
        if (text.Length > MaxBytes)
        {
            findings.Add(new(ScenarioReason.Syntax, source, 0, 0, path, FormattableString.Invariant($"longer than {MaxBytes} bytes")));
            return null;
        }

        var mark = Encoding.UTF8.Preamble;
        var reader = new JsonPartReader(text.StartsWith(mark) ? text[mark.Length..] : text, source, folder, isFile, findings);
        try
        {
            reader._reader.Read();
            var part = reader.ReadValue(path);
            reader._reader.Read();
            return part;
        }
        catch (JsonException e)
        {
            var message = e.Message;
            var details = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            var (line, column) = isFile ? ((int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1) : (0, 0);
            findings.Add(new(ScenarioReason.Syntax, source, line, column, path, "not JSON: " + (details > 0 ? message[..details] : message)));
            return null;
        }
        catch (InvalidOperationException)
        {
            // Utf8JsonReader.GetString on bytes that are no UTF-8.
            findings.Add(new(ScenarioReason.Syntax, source, 0, 0, path, "not JSON: a text in it is not UTF-8"));
            return null;
        }
    }

    private JsonPart ReadValue(string path)
    {
        var (line, column) = Place();
        var part = new JsonPart
        {
            Kind = KindOf(_reader.TokenType),
            Source = _source,
            Folder = _folder,
            Path = path,
            Line = line,
            Column = column,
            Text = TextOfToken(),
        };
        if (part.Kind == JsonValueKind.Object)
        {
            ReadMembers(part);
        }
        else if (part.Kind == JsonValueKind.Array)
        {
            while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
            {
                part.Items.Add(ReadValue(part.PathOf(part.Items.Count)));
            }
        }

        return part;
    }

    private void ReadMembers(JsonPart part)
    {
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = _reader.GetString()!;
            var (line, column) = Place();
            _reader.Read();
            var value = ReadValue(part.PathOf(key));
            if (part[key] is null)
            {
                part.Members.Add(new(key, line, column, value));
            }
            else
            {
                _findings.Add(new(ScenarioReason.DuplicateKey, _source, line, column, part.PathOf(key), "is there twice"));
            }
        }
    }

    /// <summary>Line and column of the current token. Tokens come in order, so the lines are counted once.</summary>
    private (int Line, int Column) Place()
    {
        if (!_isFile)
        {
            return (0, 0);
        }

        var start = (int)_reader.TokenStartIndex;
        for (; _counted < start; _counted++)
        {
            if (_text[_counted] == (byte)'\n')
            {
                _line++;
                _lineStart = _counted + 1;
            }
        }

        return (_line, Encoding.UTF8.GetCharCount(_text[_lineStart..start]) + 1);
    }

    private readonly string TextOfToken() => _reader.TokenType switch
    {
        JsonTokenType.String => _reader.GetString()!,
        JsonTokenType.Number => Encoding.ASCII.GetString(_reader.HasValueSequence ? _reader.ValueSequence.ToArray() : _reader.ValueSpan),
        _ => "",
    };

    private static JsonValueKind KindOf(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => JsonValueKind.Object,
        JsonTokenType.StartArray => JsonValueKind.Array,
        JsonTokenType.String => JsonValueKind.String,
        JsonTokenType.Number => JsonValueKind.Number,
        JsonTokenType.True => JsonValueKind.True,
        JsonTokenType.False => JsonValueKind.False,
        _ => JsonValueKind.Null,
    };
}
