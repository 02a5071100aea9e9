using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Overlay.Nodes.Hosting.Configuration;

/// <summary>Takes over what changes in a section while the program runs, as far as it can change then, and says what cannot.</summary>
/// <remarks>
/// A file that is written twice tells twice, so each change is told against what was seen last. Options are made anew here and not asked of the monitor, whose own reaction to the
/// change may come later; and what cannot work must not reach anybody at all.
/// </remarks>
/// <param name="name">The options' name.</param>
/// <param name="section">Their section.</param>
/// <param name="factory">Makes them.</param>
/// <param name="sources">Tell when they change.</param>
/// <param name="loggers">Where what happened goes.</param>
internal sealed partial class OptionReload<T>(
    string name, OptionSection section, IOptionsFactory<T> factory, IEnumerable<IOptionsChangeTokenSource<T>> sources, ILoggerFactory loggers) : IDisposable
    where T : class
{
    private readonly ILogger _log = loggers.CreateLogger("Overlay.Nodes.Hosting.Configuration");
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _running = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _seen = new(StringComparer.Ordinal);
    private IDisposable[] _registrations = [];
    private Func<T, ValueTask>? _apply;
    private string? _lastCause;
    private bool _isOver;

    /// <summary>From now on changes are taken over.</summary>
    /// <param name="running">What the program began with.</param>
    /// <param name="apply">Takes over what can change; null: somebody else does.</param>
    public void Start(T running, Func<T, ValueTask>? apply = null)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            _apply = apply;
            foreach (var key in section.Keys)
            {
                _running[key.Path] = _seen[key.Path] = key.Read(running);
            }

            _registrations = [.. sources.Where(source => source.Name == name).Select(source => ChangeToken.OnChange(source.GetChangeToken, Reload))];
        }

        Reload(); // It may have changed meanwhile.
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
            if (!_isOver && TryMake() is { } options && Compare(options) && _apply is { } apply)
            {
                _ = ApplyAsync(apply, options);
            }
        }
    }

    /// <summary>Tells of what is new. True where some of it can be taken over.</summary>
    private bool Compare(T options)
    {
        var hasLive = false;
        foreach (var key in section.Keys)
        {
            var value = key.Read(options);
            var isNew = _seen[key.Path] != value;
            _seen[key.Path] = value;
            if (!isNew || _running[key.Path] == value)
            {
                continue;
            }

            if (key.IsLive)
            {
                hasLive = true;
                _running[key.Path] = value;
                LogTaken(_log, section.Path, key.Path, value);
            }
            else
            {
                LogNotTaken(_log, section.Path, key.Path);
            }
        }

        return hasLive;
    }

    private T? TryMake()
    {
        T? options = null;
        string? cause = null;
        try
        {
            options = factory.Create(name);
        }
        catch (OptionsValidationException e)
        {
            cause = e.Message;
        }

        if (cause is not null && cause != _lastCause)
        {
            LogLeftAside(_log, cause);
        }

        _lastCause = cause;
        return options;
    }

    private async Task ApplyAsync(Func<T, ValueTask> apply, T options)
    {
        try
        {
            await apply(options).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            LogLeftAside(_log, e.Message);
        }
    }

    [LoggerMessage(EventId = 105, Level = LogLevel.Information, Message = "{Section}:{Key} was changed and is {Value} from now on")]
    private static partial void LogTaken(ILogger log, string section, string key, string value);

    [LoggerMessage(EventId = 106, Level = LogLevel.Warning, Message = "{Section}:{Key} was changed, and cannot change while the node runs: restart it")]
    private static partial void LogNotTaken(ILogger log, string section, string key);

    [LoggerMessage(EventId = 107, Level = LogLevel.Warning, Message = "The changed configuration cannot work and is left aside: {Cause}")]
    private static partial void LogLeftAside(ILogger log, string cause);
}
