using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Overlay.Nodes.Tests.Hosting;

/// <summary>A generic host whose configuration a test can change, and whose logs it can read.</summary>
internal sealed class HostedNodes : IAsyncDisposable
{
    private readonly IConfigurationRoot _configuration;

    private HostedNodes(IHost host, IConfigurationRoot configuration, LogLines log) => (Host, _configuration, Log) = (host, configuration, log);

    public IHost Host { get; }

    public LogLines Log { get; }

    public static HostedNodes Build(Dictionary<string, string?> configuration, Action<IServiceCollection> add)
    {
        var log = new LogLines();
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        var values = new ConfigurationBuilder().AddInMemoryCollection(configuration).Build();
        builder.Configuration.AddConfiguration(values);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(log);
        add(builder.Services);
        return new HostedNodes(builder.Build(), values, log);
    }

    /// <summary>Other values, as if a file had been written.</summary>
    public void Change(params ReadOnlySpan<(string Key, string? Value)> values)
    {
        foreach (var (key, value) in values)
        {
            _configuration[key] = value;
        }

        _configuration.Reload();
    }

    public async ValueTask DisposeAsync()
    {
        await Host.StopAsync(CancellationToken.None);
        Host.Dispose();
    }
}

/// <summary>What was logged, as text.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<(LogLevel Level, int Event, string Text)> _lines = new();

    public IReadOnlyList<(LogLevel Level, int Event, string Text)> All => [.. _lines];

    public IReadOnlyList<string> Of(int number) => [.. _lines.Where(line => line.Event == number).Select(line => line.Text)];

    public ILogger CreateLogger(string categoryName) => new Logger(_lines);

    public void Dispose()
    {
        // Nothing to end.
    }

    private sealed class Logger(ConcurrentQueue<(LogLevel Level, int Event, string Text)> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue((logLevel, eventId.Id, $"{formatter(state, exception)}{(exception is null ? "" : $" {exception}")}"));
    }
}
