using System.Net;
using System.Text.Json.Nodes;

namespace Overlay.Status.Tests;

/// <summary>An event of the feed.</summary>
internal sealed record SseEvent(string Id, string Kind, JsonNode Data);

/// <summary>Reads a page's feed as a browser does. Every wait ends after half a minute at the latest.</summary>
internal sealed class SseReader : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private SseReader(HttpResponseMessage response, Stream stream) => (_response, _lines) = (response, new(stream));

    public static async Task<SseReader> OpenAsync(HttpClient http, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "feed");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Patience);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new(response, await response.Content.ReadAsStreamAsync());
    }

    public async Task<SseEvent> NextAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        var (id, kind, data) = ("", "", "");
        while (await _lines.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.Length == 0 && data.Length > 0)
            {
                return new(id, kind, JsonNode.Parse(data)!);
            }

            id = Value(line, "id: ") ?? id;
            kind = Value(line, "event: ") ?? kind;
            data = Value(line, "data: ") ?? data;
        }

        throw new EndOfStreamException("the feed ended");
    }

    /// <summary>The next event of which something is true.</summary>
    public async Task<SseEvent> NextAsync(Func<SseEvent, bool> fits)
    {
        while (true)
        {
            var next = await NextAsync();
            if (fits(next))
            {
                return next;
            }
        }
    }

    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
    }

    private static string? Value(string line, string field) => line.StartsWith(field, StringComparison.Ordinal) ? line[field.Length..] : null;
}
