using Microsoft.Extensions.Options;
using Overlay.Hub;
using Overlay.Runtime;
using Overlay.Status;

namespace Overlay.Cli.Output;

/// <summary>Runs a command and turns what may go wrong into a message with cause and cure and a documented exit code.</summary>
internal static class Failures
{
    public static async Task<int> GuardAsync(Terminal terminal, Func<CancellationToken, Task<int>> command, CancellationToken cancellationToken)
    {
        try
        {
            return await command(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (OverlayException e)
        {
            return terminal.Fail(ExitCodeOf(e), e.Reason == OverlayError.Command ? e.Outcome.ToString() : e.Reason.ToString(), e.Message);
        }
        catch (OptionsValidationException e)
        {
            return FailBadConfiguration(terminal, [e]);
        }
        catch (AggregateException e) when (e.InnerExceptions.All(static one => one is OptionsValidationException))
        {
            return FailBadConfiguration(terminal, e.InnerExceptions.Cast<OptionsValidationException>());
        }
        catch (HubException e)
        {
            return terminal.Fail(ExitCodes.BadInput, e.Reason.ToString(), e.Message);
        }
        catch (StatusException e)
        {
            return terminal.Fail(ExitCodes.BadInput, e.Reason.ToString(), e.Message);
        }
        catch (ArgumentException e)
        {
            return terminal.Fail(ExitCodes.BadInput, "BadInput", e.Message);
        }
    }

    private static int FailBadConfiguration(Terminal terminal, IEnumerable<OptionsValidationException> errors) => terminal.Fail(
        ExitCodes.BadInput, "BadConfiguration", string.Join(Environment.NewLine + "overlay: ", errors.SelectMany(static error => error.Failures).Distinct(StringComparer.Ordinal)));

    private static int ExitCodeOf(OverlayException e) => e.Reason switch
    {
        OverlayError.SocketUnavailable or OverlayError.LibraryMissing or OverlayError.DataUnusable or OverlayError.NotAHub or OverlayError.IntroductionFailed => ExitCodes.BadInput,
        OverlayError.Command when e.Outcome is Outcome.TooLarge => ExitCodes.BadInput,
        _ => ExitCodes.Failed,
    };
}
