using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Nodes;
using Overlay.Nodes.Rest;
using Overlay.Runtime;

namespace Overlay.Samples.SmokeCompat;

/// <summary>How one check went.</summary>
/// <param name="Ok">Whether all was as it should be.</param>
/// <param name="Ms">Milliseconds that it took.</param>
/// <param name="Error">What was not as it should be; absent where all was.</param>
internal sealed record ProbeResult(
    [property: JsonPropertyName("ok")] bool Ok,
    [property: JsonPropertyName("ms")] long Ms,
    [property: JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error);

/// <summary>Tries everything that <see cref="Server"/> answers at another node, and what it must refuse.</summary>
internal sealed class Probe(Node node, string address, CancellationToken cancellationToken)
{
    private readonly Dictionary<string, ProbeResult> _results = new(StringComparer.Ordinal);
    private readonly string _url = $"rest://{address}";

    public async Task<Dictionary<string, ProbeResult>> RunAsync()
    {
        await CheckAsync("text", () => AnswersAsync("/", "hello world"));
        await CheckAsync("json", () => AnswersAsync("/json/42?a=1&b=x&b=y", """{"id":"42","q":{"a":"1","b":["x","y"]}}"""));
        await CheckAsync("echo", EchoAsync);
        await CheckAsync("rows", RowsAsync);
        await CheckAsync("missing", () => AnswersAsync("/missing", "not found", status: 404));
        await CheckAsync("refused", RefusedAsync);
        foreach (var length in (int[])[5, 100_000, 1_000_000])
        {
            await CheckAsync($"socket{length.ToString(CultureInfo.InvariantCulture)}", () => SocketAsync(length));
        }

        return _results;
    }

    /// <summary>Notes what a check returned, null where all was well, or threw.</summary>
    private async Task CheckAsync(string name, Func<Task<string?>> check)
    {
        var begun = Stopwatch.GetTimestamp();
        string? error;
        try
        {
            error = await check();
        }
        catch (Exception e) when (e is OverlayException or JsonException or ArgumentException)
        {
            error = e.Message;
        }

        _results[name] = new ProbeResult(error is null, (long)Stopwatch.GetElapsedTime(begun).TotalMilliseconds, error);
    }

    private async Task<string?> AnswersAsync(string path, string expected, int status = 200)
    {
        await using var response = await node.Rest.FetchAsync(_url + path, null, cancellationToken);
        var text = await response.ReadTextAsync(cancellationToken);
        return Differs((response.Status, text), (status, expected));
    }

    private async Task<string?> EchoAsync()
    {
        var sent = Bytes(300_000);
        var options = new FetchOptions { Method = "post", Body = RestContent.Stream(new MemoryStream(sent)) };
        await using var response = await node.Rest.FetchAsync($"{_url}/echo", options, cancellationToken);
        return Compare(sent, await response.ReadBytesAsync(cancellationToken));
    }

    private async Task<string?> RowsAsync()
    {
        await using var response = await node.Rest.FetchAsync($"{_url}/rows", null, cancellationToken);
        var rows = new StringBuilder();
        await foreach (var row in response.ReadQueryAsync<JsonElement>(null, cancellationToken))
        {
            rows.Append(row.GetRawText());
        }

        return Differs(rows.ToString(), """{"i":0}{"i":1}{"i":2}{"i":3}{"i":4}""");
    }

    private async Task<string?> RefusedAsync()
    {
        try
        {
            await using var socket = await node.Sockets.ConnectAsync(address, "9", cancellationToken);
            return "port 9 was open";
        }
        catch (OverlayException e)
        {
            return Differs(e.Reason, OverlayError.ConnectionRefused);
        }
    }

    private async Task<string?> SocketAsync(int length)
    {
        var sent = Bytes(length);
        await using var socket = await node.Sockets.ConnectAsync(address, 7000, cancellationToken);
        await socket.SendAsync(sent, cancellationToken);
        return await socket.ReceiveAsync(cancellationToken) is { } echo ? Compare(sent, echo) : "the socket was closed";
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)((i * 31) + (i >> 8));
        }

        return bytes;
    }

    private static string? Compare(ReadOnlyMemory<byte> sent, ReadOnlyMemory<byte> received) =>
        sent.Span.SequenceEqual(received.Span) ? null : $"{received.Length} bytes came back for {sent.Length}, or others";

    private static string? Differs<T>(T actual, T expected) => Equals(actual, expected) ? null : $"{actual} instead of {expected}";
}
