using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Overlay.Nodes.Http;
using Overlay.Runtime;

namespace Overlay.Nodes.Bridging;

/// <summary>Connections that begin with <c>CONNECT</c>: tunnels to a node's port (RFC 9110 §9.3.6). All others are Kestrel's.</summary>
/// <remarks>
/// Kestrel reads such a request but has no way to hand its connection over, so the first line is looked at before Kestrel sees it. Nothing else of HTTP is read here.
/// </remarks>
internal sealed class ConnectTunnels(HttpNode node, BridgeOptions options)
{
    private const int MaxHeadBytes = 16_384;

    private static readonly byte[] Method = "CONNECT "u8.ToArray();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Serves a tunnel, or passes the connection on untouched.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var (isTunnel, authority) = await ReadHeadAsync(connection.Transport.Input).ConfigureAwait(false);
        if (!isTunnel)
        {
            await next(connection).ConfigureAwait(false);
        }
        else if (authority is not null)
        {
            await TunnelAsync(connection, authority).ConfigureAwait(false);
        }
        else
        {
            await AnswerAsync(connection, 400, "Bad Request", "That is no request for a tunnel: CONNECT HOST:PORT HTTP/1.1.\n").ConfigureAwait(false);
        }
    }

    /// <returns>Whether it begins as a tunnel; and for where, unless it goes on as nonsense.</returns>
    private static async Task<(bool IsTunnel, string? Authority)> ReadHeadAsync(PipeReader input)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(patience.Token).ConfigureAwait(false);
                if (BeginsAsTunnel(read.Buffer) == false || (read.IsCompleted && read.Buffer.Length < Method.Length))
                {
                    input.AdvanceTo(read.Buffer.Start);
                    return (false, null);
                }

                if (TryReadHead(read.Buffer, out var authority, out var end))
                {
                    input.AdvanceTo(end);
                    return (true, authority);
                }

                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted || read.Buffer.Length > MaxHeadBytes)
                {
                    return (true, null);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return (false, null); // Kestrel has its own way with those who say nothing.
        }
    }

    /// <returns>Null while that cannot be told.</returns>
    private static bool? BeginsAsTunnel(ReadOnlySequence<byte> begin)
    {
        Span<byte> bytes = stackalloc byte[8];
        bytes = bytes[..(int)Math.Min(begin.Length, Method.Length)];
        begin.Slice(0, bytes.Length).CopyTo(bytes);
        return !Method.AsSpan().StartsWith(bytes) ? false : bytes.Length == Method.Length ? true : null;
    }

    private static bool TryReadHead(ReadOnlySequence<byte> bytes, out string? authority, out SequencePosition end)
    {
        var reader = new SequenceReader<byte>(bytes);
        (authority, end) = (null, bytes.Start);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> head, "\r\n\r\n"u8))
        {
            return false;
        }

        end = reader.Position;
        var line = Encoding.Latin1.GetString(head.Slice(0, Math.Min(head.Length, MaxHeadBytes))).Split("\r\n")[0].Split(' ');
        authority = line.Length == 3 && line[2].StartsWith("HTTP/1.", StringComparison.Ordinal) ? line[1] : null;
        return true;
    }

    private async Task TunnelAsync(ConnectionContext connection, string authority)
    {
        var about = new BridgeEvent(BridgeEventKind.Opened, 0, connection.RemoteEndPoint?.ToString() ?? "tcp", authority);
        if (!Uri.TryCreate($"http://{authority}", UriKind.Absolute, out var asked) || ProxyTarget.ServiceOf(asked.Host, asked.Port) is not { } service)
        {
            await AnswerAsync(connection, 403, "Forbidden", $"'{authority}' is no node, and this proxy leads to nodes only.\n").ConfigureAwait(false);
            return;
        }

        OverlayHosts.TryRead(service.Host, out var host);
        OverlayEnd far;
        try
        {
            far = new OverlayEnd(await node.Sockets.ConnectPipeAsync(host, OverlayEndPoint.LabelOf(service.Port), null, connection.ConnectionClosed).ConfigureAwait(false));
        }
        catch (Exception e) when (e is OverlayException or ArgumentException)
        {
            var failure = ProxyFailure.Of(e as OverlayException ?? new OverlayException(OverlayError.NotAnOverlayHost, e.Message, e), service.Host);
            options.OnEvent?.Invoke(about with { Kind = BridgeEventKind.Failed, Reason = failure.Reason, Error = failure.Cause });
            await AnswerAsync(connection, failure.Status, failure.Title, ProxyPage.Text(failure.Status, failure.Title, failure.Cause, failure.Cure)).ConfigureAwait(false);
            return;
        }
        catch (OperationCanceledException)
        {
            return; // Whoever asked is gone.
        }

        await connection.Transport.Output.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), CancellationToken.None).ConfigureAwait(false);
        await BytePump.RunAsync(new KestrelEnd(connection), far, CancellationToken.None).ConfigureAwait(false);
    }

    private static async Task AnswerAsync(ConnectionContext connection, int status, string reason, string text)
    {
        var body = Encoding.UTF8.GetBytes(text);
        var head = $"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        await connection.Transport.Output.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body], CancellationToken.None).ConfigureAwait(false);
        await connection.Transport.Output.CompleteAsync().ConfigureAwait(false);
    }
}
