using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Overlay.Runtime;
using static Overlay.Runtime.Tests.TestNetwork;

namespace Overlay.Exporting.Tests;

/// <summary>Nothing that a node tells of itself holds what must stay with it.</summary>
[Collection("live nodes")] // Two trees at once on a busy machine move for long.
public sealed class SecretsTests
{
    private const string Token = "planted-join-token-5b1f";
    private const string RootSecret = "planted-root-secret-77aa";
    private const string Payload = "planted-application-payload-c0de";

    [Fact]
    public async Task No_token_secret_key_or_payload_is_in_logs_spans_or_metrics()
    {
        var folder = Directory.CreateTempSubdirectory("overlay-");
        try
        {
            using var log = new Everything();
            await using var collector = await Collector.StartAsync();
            await using (var network = new TestNetwork())
            {
                var export = OtlpExport.Create(new OtlpOptions { Endpoint = collector.Address });
                var nodes = new List<OverlayHost>();
                for (var i = 0; i < 3; i++)
                {
                    nodes.Add(await network.StartAsync(network.Options with
                    {
                        Token = Token,
                        DataDirectory = Path.Combine(folder.FullName, $"{i}"),
                        Export = export,
                        LoggerFactory = log,
                    }));
                }

                await network.UntilFullMeshAsync([.. nodes]);
                await nodes[0].RegisterAsync("alice", Cancelled);
                await nodes[1].SendAsync(nodes[0].Id, Encoding.UTF8.GetBytes(Payload), cancellationToken: Cancelled);
                await nodes[1].BroadcastAsync(Encoding.UTF8.GetBytes(Payload), Cancelled);
                await Assert.ThrowsAnyAsync<OverlayException>(() => nodes[2].SendAsync(Ring.RingId.From(1), Encoding.UTF8.GetBytes(Payload), cancellationToken: Cancelled));
                await Assert.ThrowsAnyAsync<OverlayException>(() => OverlayHost.StartAsync(
                    network.Options with { RootSecret = RootSecret, Token = Token, Export = export, LoggerFactory = log, Protocol = OverlayOptions.Default with { Topology = Topology.Tree } }, Cancelled));
            }

            byte[][] planted = [.. MarkersOf(folder)];
            Assert.True(planted.Length > 15);
            Assert.Contains(collector.Spans, seen => seen.Name == "process data");
            Assert.NotEmpty(collector.Metrics);
            Assert.NotEmpty(log.Lines);
            byte[][] told = [.. collector.Bodies, .. log.Lines.Select(Encoding.UTF8.GetBytes)];
            Assert.All(planted, marker => Assert.DoesNotContain(told, text => text.AsSpan().IndexOf(marker) >= 0));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>What was planted, as text, as hexadecimal digits and as base64; of keys, the raw scalar too.</summary>
    private static IEnumerable<byte[]> MarkersOf(DirectoryInfo folder)
    {
        var secrets = new List<byte[]> { Encoding.UTF8.GetBytes(Token), Encoding.UTF8.GetBytes(RootSecret), Encoding.UTF8.GetBytes(Payload) };
        foreach (var file in folder.EnumerateFiles("identity", SearchOption.AllDirectories))
        {
            var key = File.ReadLines(file.FullName).Single(line => line.StartsWith("key ", StringComparison.Ordinal))[4..];
            yield return Encoding.UTF8.GetBytes(key);
            using var ecdsa = System.Security.Cryptography.ECDsa.Create();
            ecdsa.ImportPkcs8PrivateKey(Convert.FromBase64String(key), out _);
            secrets.Add(ecdsa.ExportParameters(includePrivateParameters: true).D!);
        }

        foreach (var secret in secrets)
        {
            yield return secret;
            yield return Encoding.UTF8.GetBytes(Convert.ToHexString(secret));
            yield return Encoding.UTF8.GetBytes(Convert.ToHexStringLower(secret));
            yield return Encoding.UTF8.GetBytes(Convert.ToBase64String(secret));
        }
    }

    /// <summary>Every line that anybody logs, at every level.</summary>
    private sealed class Everything : ILoggerFactory, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue(formatter(state, exception) + exception);

        public void Dispose()
        {
        }
    }
}
