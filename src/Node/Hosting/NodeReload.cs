using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Overlay.Nodes.Hosting.Configuration;

namespace Overlay.Nodes.Hosting;

/// <summary>Takes over what changes in the configuration of a node that runs, as far as it can change then, and says what cannot.</summary>
/// <remarks>
/// A file that is written twice tells twice, so each change is told against what was seen last. Options are made anew here and not asked of the monitor, whose own reaction to the
/// change may come later; and what cannot work must not reach the node at all.
/// </remarks>
/// <param name="name">The options' name.</param>
/// <param name="section">Their section, for messages.</param>
/// <param name="factory">Makes them.</param>
/// <param name="sources">Tell when they change.</param>
/// <param name="log">What happened.</param>
internal sealed partial class NodeReload(
    string name, string section, IOptionsFactory<NodeOptions> factory, IEnumerable<IOptionsChangeTokenSource<NodeOptions>> sources, ILogger<NodeReload> log) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _running = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _seen = new(StringComparer.Ordinal);
    private IDisposable[] _registrations = [];
    private Node? _node;
    private string? _lastCause;
    private bool _isOver;

    /// <summary>From now on changes reach the node.</summary>
    public void Start(Node node, NodeOptions options)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            _node = node;
            foreach (var key in NodeOptionKeys.All)
            {
                _running[key.Path] = _seen[key.Path] = key.Read(options);
            }

            _registrations = [.. sources.Where(source => source.Name == name).Select(source => ChangeToken.OnChange(source.GetChangeToken, Reload))];
        }

        Reload(); // It may have changed while the node joined.
    }

    public void Dispose()
    {
        IDisposable[] registrations;
        lock (_gate)
        {
            _isOver = true;
            registrations = _registrations;
            _registrations = [];
        }

        foreach (var registration in registrations)
        {
            registration.Dispose(); // Waits for a call that runs, so not under the lock.
        }
    }

    private void Reload()
    {
        lock (_gate)
        {
            if (_isOver || !TryMake(out var options))
            {
                return;
            }

            var live = 0;
            foreach (var key in NodeOptionKeys.All)
            {
                var value = key.Read(options);
                var isNew = _seen[key.Path] != value;
                _seen[key.Path] = value;
                if (_running[key.Path] == value || !isNew)
                {
                    continue;
                }

                if (key.IsLive)
                {
                    _running[key.Path] = value;
                    live++;
                    LogTaken(log, _node!.Id, section, key.Path, value);
                }
                else
                {
                    LogNotTaken(log, section, key.Path, _node!.Id);
                }
            }

            if (live > 0)
            {
                _ = ApplyAsync(_node!, options);
            }
        }
    }

    private bool TryMake(out NodeOptions options)
    {
        var cause = "";
        try
        {
            options = factory.Create(name);
        }
        catch (OptionsValidationException e)
        {
            (options, cause) = (new(), e.Message);
        }

        if (cause.Length > 0 && cause != _lastCause)
        {
            LogLeftAside(log, cause);
        }

        _lastCause = cause;
        return cause.Length == 0;
    }

    private async Task ApplyAsync(Node node, NodeOptions options)
    {
        try
        {
            await node.ReconfigureAsync(options).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            LogLeftAside(log, e.Message);
        }
    }

    [LoggerMessage(EventId = 105, Level = LogLevel.Information, Message = "Node {Node} goes on with a changed option, {Section}:{Key}: {Value}")]
    private static partial void LogTaken(ILogger log, Ring.RingId node, string section, string key, string value);

    [LoggerMessage(EventId = 106, Level = LogLevel.Warning, Message = "{Section}:{Key} was changed, and cannot change while node {Node} runs: restart it")]
    private static partial void LogNotTaken(ILogger log, string section, string key, Ring.RingId node);

    [LoggerMessage(EventId = 107, Level = LogLevel.Warning, Message = "The changed configuration cannot work and is left aside: {Cause}")]
    private static partial void LogLeftAside(ILogger log, string cause);
}
