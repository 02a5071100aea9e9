using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overlay.Cli.Commands;
using Overlay.Nodes;
using Overlay.Nodes.Hosting;
using Overlay.Nodes.Hosting.Configuration;

namespace Overlay.Cli.Worker;

/// <summary>The generic host that <c>overlay node</c> is. What is said later goes before what is said earlier: <c>appsettings.json</c> beside the program, the file of <c>--settings</c>, the
/// credentials of the service, the environment, <c>--set</c>, and the other options of the command line.</summary>
internal static partial class NodeWorker
{
    /// <summary>Builds it; its options are judged when it starts.</summary>
    /// <param name="settings">A file of settings; null: none but the program's own.</param>
    /// <param name="assignments">KEY and value, on top of all files and of the environment.</param>
    /// <param name="node">What the command line says of the node.</param>
    /// <param name="worker">What it says of the worker.</param>
    /// <exception cref="InvalidDataException">A file is no JSON.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static IHost Build(string? settings, IReadOnlyList<KeyValuePair<string, string?>> assignments, Action<NodeOptions> node, Action<WorkerOptions> worker)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "overlay", ContentRootPath = AppContext.BaseDirectory });
        var sources = (IConfigurationBuilder)builder.Configuration;
        var unreadable = new Unreadable();
        sources.Add(JsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), isOptional: true, unreadable));
        if (settings is not null)
        {
            sources.Add(JsonFile(Path.GetFullPath(settings), isOptional: false, unreadable));
        }

        if (Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 0 } credentials)
        {
            builder.Configuration.AddKeyPerFile(credentials, optional: true);
        }

        builder.Configuration.AddEnvironmentVariables();
        builder.Configuration.AddInMemoryCollection(assignments);

        // The output is the command's own; logs go beside it.
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging")).AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddSingleton<IHostLifetime, CommandLifetime>();
        builder.Services.AddSection<WorkerOptions>(Options.DefaultName, WorkerOptions.Section, static options => options.Errors()).Configure(worker);
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<WorkerOptions>>(static (host, worker) => host.ShutdownTimeout = worker.Value.ShutdownTimeout);
        builder.Services.AddOverlayNode(node).AddOverlayTelemetry().AddOverlaySystemd();
        builder.Services.AddOptions<NodeOptions>()
            .Validate(static node => node.Hubs.Count > 0, "Overlay:Node:Hubs: no hub is named; say --hub ws://HOST:PORT, or write it in the settings.")
            .Configure<IOptions<WorkerOptions>>(static (node, worker) => Complete(node, worker.Value));
        builder.Services.AddHealthChecks().AddOverlayNode();
        var host = builder.Build();
        unreadable.Log = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(NodeWorker));
        return host;
    }

    private static void Complete(NodeOptions node, WorkerOptions worker)
    {
        // Without a name there is nothing to come back as: such a node is a new one each time.
        if (node is { DataDirectory: null, Name: { } name, Hubs: [var hub, ..] } && hub.IsAbsoluteUri && NodeNames.IsName(name))
        {
            node.DataDirectory = StateFolder.OfNode(hub, name);
        }

        node.Introduction = worker.Introduce.ToIntroduction(node.DataDirectory);
    }

    /// <summary>A file that is looked at every few seconds: also where the system tells of no changes (mounted volumes), and without a watch of the system for each of many nodes.</summary>
    private static JsonConfigurationSource JsonFile(string path, bool isOptional, Unreadable unreadable) => new()
    {
        Path = Path.GetFileName(path),
        Optional = isOptional,
        ReloadOnChange = true,
        OnLoadException = unreadable.Tell,
        FileProvider = Directory.Exists(Path.GetDirectoryName(path)) ? new PhysicalFileProvider(Path.GetDirectoryName(path)!) { UsePollingFileWatcher = true, UseActivePolling = true } : null,
    };

    [LoggerMessage(EventId = 130, Level = LogLevel.Warning, Message = "The settings in {File} cannot be read and are left aside: {Cause}")]
    private static partial void LogUnreadable(ILogger log, string file, string cause);

    /// <summary>At the start a file that cannot be read is an error. Later it may be half written: the node goes on as it was, and the file is read again when it changes.</summary>
    private sealed class Unreadable
    {
        public ILogger? Log { get; set; }

        public void Tell(FileLoadExceptionContext context)
        {
            if (Log is { } log && context.Provider.Source.Path is { } file)
            {
                LogUnreadable(log, file, $"{context.Exception.Message} {context.Exception.InnerException?.Message}".TrimEnd());
            }
        }
    }

    /// <summary>The command has ears of its own for signals.</summary>
    private sealed class CommandLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
