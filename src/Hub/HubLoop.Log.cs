using Microsoft.Extensions.Logging;
using Overlay.Admission;
using Overlay.Messages;

namespace Overlay.Hub;

internal sealed partial class HubLoop
{
    private void Report(in HubEffect effect)
    {
        _options.OnObserved?.Invoke(effect.Observation, effect.Peer);
        var peer = effect.Peer.ToString();
        switch (effect.Observation)
        {
            case HubObservation.Admitted:
                LogAdmitted(peer, effect.Mode);
                if (effect.Mode != AdmitMode.Retry)
                {
                    Judged(effect.Session, HubMeter.WordOf(effect.Mode));
                }

                break;
            case HubObservation.Refused:
                LogRefused(effect.Session.Value, effect.Refusal);
                Judged(effect.Session, "refused");
                break;
            case HubObservation.GatewayAttached:
                LogGatewayAttached(peer);
                break;
            case HubObservation.GatewayLost:
                LogGatewayLost(peer);
                break;
            case HubObservation.Founded:
                LogFounded(_admission.Network.ToString(), peer);
                break;
            case HubObservation.Ended:
                LogEnded(_admission.Network.ToString(), peer);
                break;
            case HubObservation.Delegated:
                LogDelegated(peer);
                break;
            case HubObservation.Dropped:
                LogDropped(effect.Session.Value, effect.Drop);
                break;
        }
    }

    private void Judged(SessionId session, string outcome)
    {
        if (_connections.TryGetValue(session, out var connection))
        {
            _meter.Judged(_clock.Now - connection.OpenedAt, outcome);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Hub of network {Network} started (founded: {IsFounded})")]
    private partial void LogStarted(string network, bool isFounded);

    [LoggerMessage(2, LogLevel.Information, "Network {Network} was founded by {Peer}")]
    private partial void LogFounded(string network, string peer);

    [LoggerMessage(12, LogLevel.Information, "Network {Network} ended: its last member, {Peer}, left")]
    private partial void LogEnded(string network, string peer);

    [LoggerMessage(3, LogLevel.Debug, "{Peer} was admitted: {Mode}")]
    private partial void LogAdmitted(string peer, AdmitMode mode);

    [LoggerMessage(4, LogLevel.Information, "Session {Session} was refused: {Refusal}")]
    private partial void LogRefused(long session, AdmitRefusal refusal);

    [LoggerMessage(5, LogLevel.Debug, "{Peer} is a gateway")]
    private partial void LogGatewayAttached(string peer);

    [LoggerMessage(6, LogLevel.Debug, "{Peer} is no gateway any more")]
    private partial void LogGatewayLost(string peer);

    [LoggerMessage(7, LogLevel.Debug, "A message of session {Session} was dropped: {Drop}")]
    private partial void LogDropped(long session, DropReason drop);

    [LoggerMessage(11, LogLevel.Information, "{Peer} may introduce newcomers")]
    private partial void LogDelegated(string peer);

    [LoggerMessage(8, LogLevel.Warning, "Session {Session} reads too slowly and was aborted")]
    private partial void LogSlowClient(long session);

    [LoggerMessage(9, LogLevel.Error, "A step of the hub failed ({Input})")]
    private partial void LogStepFailed(Exception exception, HubInputKind input);

    [LoggerMessage(10, LogLevel.Error, "The hub's state could not be kept")]
    private partial void LogNotKept(Exception exception);
}
