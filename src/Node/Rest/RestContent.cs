using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Overlay.Nodes.Streams;
using Overlay.Runtime;

namespace Overlay.Nodes.Rest;

/// <summary>A body that is sent, of any kind and length; a long one is never in memory as a whole.</summary>
public abstract class RestContent
{
    /// <summary>The longest chunk of a body that others may send.</summary>
    public const int MaxChunkBytes = 65_536;

    private const int ChunkBytes = MaxChunkBytes - 1; // Fills two segments of a socket with its type, not two and a byte.

    /// <summary>How objects become JSON where nothing else is said: names in camel case, as on the web.</summary>
    internal static readonly JsonSerializerOptions WebJson = new(JsonSerializerDefaults.Web);

    private protected RestContent(string? contentType) => ContentType = contentType;

    /// <summary>What the <c>content-type</c> header says unless it says something already; null: nothing.</summary>
    public string? ContentType { get; }

    /// <summary>No body.</summary>
    public static RestContent None { get; } = new BytesContent(null, default);

    /// <summary>Text, as UTF-8.</summary>
    public static RestContent Text(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new BytesContent("text/plain", Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Bytes; they must not change until they are sent.</summary>
    public static RestContent Bytes(ReadOnlyMemory<byte> bytes, string? contentType = null) => new BytesContent(contentType, bytes);

    /// <summary>A value as JSON.</summary>
    public static RestContent Json<T>(T value, JsonTypeInfo<T>? type = null) => new BytesContent(
        "application/json",
        type is null ? JsonSerializer.SerializeToUtf8Bytes(value, WebJson) : JsonSerializer.SerializeToUtf8Bytes(value, type));

    /// <summary>What is read from <paramref name="stream"/>, chunk by chunk as the other side takes them; the stream is disposed of.</summary>
    public static RestContent Stream(Stream stream, string? contentType = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new StreamContent(stream, contentType);
    }

    /// <summary>What <paramref name="write"/> writes; each write waits until the other side takes it.</summary>
    public static RestContent Write(Func<Stream, CancellationToken, Task> write, string? contentType = null)
    {
        ArgumentNullException.ThrowIfNull(write);
        return new WrittenContent(write, contentType);
    }

    /// <summary>Records, each as JSON of at most 999,999 bytes, and each made only when the other side has asked for it.</summary>
    public static RestContent Query<T>(IAsyncEnumerable<T> records, JsonTypeInfo<T>? type = null)
    {
        ArgumentNullException.ThrowIfNull(records);
        return new QueryContent<T>(records, type);
    }

    /// <summary>Sends the body, without the empty item that ends it.</summary>
    internal abstract ValueTask SendAsync(CreditStream stream, CancellationToken cancellationToken);

    private static async ValueTask SendChunksAsync(CreditStream stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(bytes.Length, ChunkBytes)..])
        {
            await stream.WriteAsync(bytes[..Math.Min(bytes.Length, ChunkBytes)], cancellationToken).ConfigureAwait(false);
        }
    }

    private sealed class BytesContent(string? contentType, ReadOnlyMemory<byte> bytes) : RestContent(contentType)
    {
        internal override ValueTask SendAsync(CreditStream stream, CancellationToken cancellationToken) => SendChunksAsync(stream, bytes, cancellationToken);
    }

    private sealed class StreamContent(Stream source, string? contentType) : RestContent(contentType)
    {
        internal override async ValueTask SendAsync(CreditStream stream, CancellationToken cancellationToken)
        {
            var chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
            await using (source.ConfigureAwait(false))
            {
                int length;
                while ((length = await source.ReadAsync(chunk.AsMemory(0, ChunkBytes), cancellationToken).ConfigureAwait(false)) > 0)
                {
                    await stream.WriteAsync(chunk.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                }
            }

            ArrayPool<byte>.Shared.Return(chunk); // Not after a failure: somebody may still look at it.
        }
    }

    private sealed class WrittenContent(Func<Stream, CancellationToken, Task> write, string? contentType) : RestContent(contentType)
    {
        internal override async ValueTask SendAsync(CreditStream stream, CancellationToken cancellationToken)
        {
            var chunks = new ChunkStream((chunk, token) => SendChunksAsync(stream, chunk, token), ChunkBytes);
            await using (chunks.ConfigureAwait(false))
            {
                await write(chunks, cancellationToken).ConfigureAwait(false);
                await chunks.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private sealed class QueryContent<T>(IAsyncEnumerable<T> records, JsonTypeInfo<T>? type) : RestContent(null)
    {
        internal override async ValueTask SendAsync(CreditStream stream, CancellationToken cancellationToken)
        {
            var all = records.GetAsyncEnumerator(cancellationToken);
            await using (all.ConfigureAwait(false))
            {
                while (true)
                {
                    await stream.WaitToWriteAsync(cancellationToken).ConfigureAwait(false); // Before the record: it may cost something to make.
                    if (!await all.MoveNextAsync().ConfigureAwait(false))
                    {
                        return;
                    }

                    var record = type is null ? JsonSerializer.SerializeToUtf8Bytes(all.Current, WebJson) : JsonSerializer.SerializeToUtf8Bytes(all.Current, type);
                    if (record.Length > CreditStream.MaxItemBytes)
                    {
                        throw new OverlayException(OverlayError.MessageTooLarge, $"A record of {record.Length} bytes; a query carries at most {CreditStream.MaxItemBytes} in one.");
                    }

                    await stream.WriteAsync(record, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }
}
