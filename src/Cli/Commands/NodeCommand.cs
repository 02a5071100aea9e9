using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.Extensions.Hosting;
using Overlay.Cli.Introducing;
using Overlay.Cli.Output;
using Overlay.Cli.Watching;
using Overlay.Cli.Worker;
using Overlay.Nodes;
using Overlay.Status;

namespace Overlay.Cli.Commands;

/// <summary><c>overlay node</c>: the worker, a member that prints what it receives and sends what it is told on stdin.</summary>
internal sealed class NodeCommand
{
    private readonly Option<string[]> _hubs = CommonOptions.Hubs();
    private readonly Option<string?> _name = CommonOptions.Name("The name to register.");
    private readonly Option<string?> _data = CommonOptions.Data();
    private readonly Option<string?> _listen = CommonOptions.Listen();
    private readonly Option<int> _port = CommonOptions.Port("--port", 0, "The UDP port; 0 takes any free one.");
    private readonly Option<string?> _advertise = new("--advertise") { Description = "HOST:PORT at which others reach --listen and --port: the outer side of a forwarded or a container's port (PORT + 1 must lead to --port + 1)." };
    private readonly Option<string?> _token = new("--token") { Description = "The join token, where the hub asks for one." };
    private readonly Option<string?> _rootSecret = new("--root-secret") { Description = "The secret of the hub's tree: become its root, also in place of the one that there is." };
    private readonly Option<TimeSpan> _timeout = CommonOptions.Timeout(60);
    private readonly Option<Topology> _topology = CommonOptions.Topology();
    private readonly Option<int> _degree = CommonOptions.Degree();
    private readonly Option<string?> _settings = new("--settings") { Description = "A JSON file of settings, read anew when it changes; goes before appsettings.json beside the program, and after the environment (Overlay__Node__…)." };
    private readonly Option<string[]> _set = new("--set") { Description = "KEY=VALUE for any key of the settings, such as Overlay:Node:Protocol:MaxLinks=64; may be given several times." };
    private readonly Option<StatusAddress?> _status = StatusOption.Create();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly IntroduceOptions _introduce = new();

    private NodeCommand()
    {
        _hubs.Required = false; // They may stand in the settings.
        _hubs.Description += " Needed here, or in the settings (Overlay:Node:Hubs).";
        _set.Validators.Add(static result => CommonOptions.CheckEach(result, static text => text.IndexOf('=', StringComparison.Ordinal) > 0 ? null : $"--set: '{text}' is no setting. Write KEY=VALUE."));
    }

    public static Command Create(Signals signals)
    {
        var options = new NodeCommand();
        var command = new Command("node", "Join the network; lines '<id|name> <text>' on stdin are sent, messages are printed. " + ExitCodes.Help)
        {
            options._hubs, options._name, options._data, options._listen, options._port, options._advertise, options._token, options._rootSecret, options._timeout, options._topology,
            options._degree, options._settings, options._set, options._status, options._json,
        };
        options._introduce.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var run = new NodeRun(new Terminal(parsed.GetValue(options._json)), signals);
            return Failures.GuardAsync(run.Terminal, stop => run.RunAsync(options.Build(parsed), stop), cancellationToken);
        });
        return command;
    }

    private IHost Build(ParseResult parsed)
    {
        var assignments = (parsed.GetValue(_set) ?? []).Select(static text => text.Split('=', 2)).Select(static parts => KeyValuePair.Create(parts[0], (string?)parts[1])).ToList();
        try
        {
            return NodeWorker.Build(parsed.GetValue(_settings), assignments, node => ReadInto(parsed, node), worker => ReadInto(parsed, worker));
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"The settings cannot be read: {e.Message} {e.InnerException?.Message}".TrimEnd(), e);
        }
    }

    private void ReadInto(ParseResult parsed, WorkerOptions worker)
    {
        worker.Status = parsed.GetValue(_status)?.ToString() ?? worker.Status;
        _introduce.ReadInto(parsed, worker.Introduce);
    }

    /// <summary>What the command line says goes before what the settings say.</summary>
    private void ReadInto(ParseResult parsed, NodeOptions node)
    {
        if (IsGiven(parsed, _hubs))
        {
            node.Hubs.Clear();
            foreach (var hub in CommonOptions.ToUris(parsed.GetValue(_hubs)!))
            {
                node.Hubs.Add(hub);
            }
        }

        node.Name = parsed.GetValue(_name) ?? node.Name;
        node.DataDirectory = parsed.GetValue(_data) ?? node.DataDirectory;
        node.Listen = parsed.GetValue(_listen) ?? node.Listen;
        node.Port = IsGiven(parsed, _port) ? parsed.GetValue(_port) : node.Port;
        node.Advertise = parsed.GetValue(_advertise) ?? node.Advertise;
        node.Token = parsed.GetValue(_token) ?? node.Token;
        node.RootSecret = parsed.GetValue(_rootSecret) ?? node.RootSecret;
        node.StartTimeout = IsGiven(parsed, _timeout) ? parsed.GetValue(_timeout) : node.StartTimeout;
        node.Protocol = node.Protocol with
        {
            Topology = IsGiven(parsed, _topology) ? parsed.GetValue(_topology) : node.Protocol.Topology,
            MaxDegree = IsGiven(parsed, _degree) ? parsed.GetValue(_degree) : node.Protocol.MaxDegree,
        };
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is OptionResult { Implicit: false };
}
