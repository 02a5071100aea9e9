using Microsoft.Extensions.Logging;
using Overlay.Identity;

namespace Overlay.Runtime.Hubs;

/// <summary>The endpoint at which a node introduces others: opened with its first right, told of each later one, and dialled by the node itself like any hub.</summary>
internal sealed partial class OwnEndpoint(IIntroduction introduction, Func<Delegation, IntroductionRight> rightFor, Action onOpened, ILogger log) : IHubConnector
{
    private readonly Lock _gate = new();
    private Task _work = Task.CompletedTask;
    private IHubConnector? _opened;
    private bool _isClosed;

    /// <inheritdoc/>
    public string Name => introduction.Address.Length > 0 ? introduction.Address : "the node's own endpoint";

    /// <summary>Why it could not be opened; null where it could, or was not tried.</summary>
    public OverlayException? Failure { get; private set; }

    /// <inheritdoc/>
    public Task<IHubSession> ConnectAsync(CancellationToken cancellationToken) =>
        _opened?.ConnectAsync(cancellationToken)
        ?? Task.FromException<IHubSession>(new OverlayException(OverlayError.HubUnreachable, "The node's own endpoint is not open."));

    /// <summary>A right is here: opens, or tells. Returns when the endpoint is open, or could not be opened.</summary>
    public Task GrantAsync(Delegation delegation)
    {
        lock (_gate)
        {
            return _isClosed ? Task.CompletedTask : _work = OpenAsync(_work, delegation);
        }
    }

    /// <summary>Closes it, after what is under way.</summary>
    public async Task CloseAsync()
    {
        Task work;
        lock (_gate)
        {
            (_isClosed, work) = (true, _work);
        }

        await work.ConfigureAwait(false);
        await introduction.CloseAsync().ConfigureAwait(false);
    }

    private async Task OpenAsync(Task before, Delegation delegation)
    {
        await before.ConfigureAwait(false);
        await Task.Yield(); // The step that brought the right ends first.
        try
        {
            _opened = await introduction.OpenAsync(rightFor(delegation), CancellationToken.None).ConfigureAwait(false);
            Failure = null;
            LogOpen(log, Name);
            onOpened();
        }
        catch (OverlayException e)
        {
            Failure = e;
            LogFailed(log, e.Message);
        }
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Information, Message = "Newcomers are introduced at {Address}")]
    private static partial void LogOpen(ILogger log, string address);

    [LoggerMessage(EventId = 21, Level = LogLevel.Error, Message = "Newcomers cannot be introduced: {Cause}")]
    private static partial void LogFailed(ILogger log, string cause);
}
