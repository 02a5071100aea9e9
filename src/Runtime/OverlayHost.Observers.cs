namespace Overlay.Runtime;

/// <summary>Those who look at a running node.</summary>
public sealed partial class OverlayHost
{
    private readonly Lock _observing = new();
    private Action<NodeObservation>[] _observers = [];

    /// <summary>Hears every observation from now on, until the result is disposed of: as <see cref="RuntimeOptions.OnObserved"/>, but of a node that runs already.</summary>
    /// <param name="observer">Called on the node's loop: must be quick and must not throw.</param>
    public IDisposable Subscribe(Action<NodeObservation> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        lock (_observing)
        {
            Volatile.Write(ref _observers, [.. _observers, observer]);
        }

        return new Subscription(this, observer);
    }

    private void TellObservers(NodeObservation seen)
    {
        foreach (var observer in Volatile.Read(ref _observers))
        {
            observer(seen);
        }
    }

    private void Unsubscribe(Action<NodeObservation> observer)
    {
        lock (_observing)
        {
            Volatile.Write(ref _observers, [.. _observers.Where(other => other != observer)]);
        }
    }

    private sealed class Subscription(OverlayHost host, Action<NodeObservation> observer) : IDisposable
    {
        public void Dispose() => host.Unsubscribe(observer);
    }
}
