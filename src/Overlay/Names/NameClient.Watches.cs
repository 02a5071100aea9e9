using Overlay.Effects;
using Overlay.Messages;
using Overlay.Time;

namespace Overlay.Names;

//   watcher → WatchName → … → keeper;  keeper → Watching(entry) → watcher        again each refresh period: so a new keeper learns of it, and nothing is missed for longer
//   keeper → NameChanged(name) → watcher                                          a hint: the watcher asks again at once
internal sealed partial class NameClient
{
    private static readonly TimeSpan HintPause = TimeSpan.FromSeconds(1);

    private readonly List<OwnWatch> _watches = [];

    /// <summary>Watches a name until <see cref="Unwatch"/>.</summary>
    public void Watch(Instant now, RequestId request, string name)
    {
        if (!TryNormalize(request, name, out var normal))
        {
            return;
        }

        if (_watches.Count == NameDirectory.MaxOwnWatches || _watches.Exists(one => one.Name == normal))
        {
            End(request, Outcome.Busy, normal);
            return;
        }

        var watch = new OwnWatch(request, normal, NextNonce(), now + options.ReceiptTimeout);
        _watches.Add(watch);
        Ask(now, watch);
    }

    /// <summary>No longer watches a name.</summary>
    public void Unwatch(Instant now, RequestId request, string name)
    {
        if (!TryNormalize(request, name, out var normal))
        {
            return;
        }

        var at = _watches.FindIndex(one => one.Name == normal);
        if (at < 0)
        {
            End(request, Outcome.NameUnknown, normal);
            return;
        }

        if (!_watches[at].IsAnswered)
        {
            End(_watches[at].Request, Outcome.Cancelled, normal);
        }

        port.SendToResponsible(now, NodeName.KeyOf(normal), new WatchName(_watches[at].Nonce, normal, IsOn: false));
        _watches.RemoveAt(at);
        End(request, Outcome.Done, normal);
    }

    /// <summary>The keeper of a watched name answered.</summary>
    public void OnWatching(Instant now, Watching answer)
    {
        var watch = _watches.Find(one => one.Nonce == answer.Nonce && !one.IsCurrent);
        if (watch is null || !IsAnswer(now, watch.Name, answer.Entry))
        {
            return;
        }

        (watch.IsCurrent, watch.DueAt) = (true, watch.SentAt + options.NameRefreshPeriod);
        if (!watch.IsAnswered)
        {
            watch.IsAnswered = true;
            watch.Entry = answer.Entry;
            _results.Enqueue(new(NameResultKind.Ended, watch.Request, answer.Outcome, watch.Name, answer.Entry));
            if (answer.Outcome != Outcome.Done)
            {
                _watches.Remove(watch);
            }
        }
        else if (answer.Outcome == Outcome.Done && IsNews(watch.Entry, answer.Entry))
        {
            watch.Entry = answer.Entry;
            _results.Enqueue(new(NameResultKind.Changed, watch.Request, Outcome.Done, watch.Name, answer.Entry));
        }
    }

    private static bool IsNews(NameEntry? known, NameEntry? now) => known is null || now is null
        ? !ReferenceEquals(known, now)
        : known.Tenancy.Epoch != now.Tenancy.Epoch || !NameDispute.IsSameKey(known, now);

    private void AdvanceWatches(Instant now)
    {
        for (var i = _watches.Count - 1; i >= 0; i--)
        {
            var watch = _watches[i];
            if (!watch.IsAnswered && watch.GiveUpAt <= now)
            {
                _watches.RemoveAt(i);
                End(watch.Request, Outcome.TimedOut, watch.Name);
            }
            else if (watch.DueAt <= now)
            {
                Ask(now, watch);
            }
        }
    }

    private void Ask(Instant now, OwnWatch watch)
    {
        if (watch.IsCurrent)
        {
            watch.Nonce = NextNonce(); // Kept over repetitions: an answer to any of them counts.
        }

        (watch.IsCurrent, watch.SentAt, watch.DueAt) = (false, now, now + options.QueryTimeout);
        port.SendToResponsible(now, NodeName.KeyOf(watch.Name), new WatchName(watch.Nonce, watch.Name, IsOn: true));
    }

    private sealed class OwnWatch(RequestId request, string name, ulong nonce, Instant giveUpAt)
    {
        public RequestId Request => request;

        public string Name => name;

        public Instant GiveUpAt => giveUpAt;

        public ulong Nonce { get; set; } = nonce;

        /// <summary>Any answer has come.</summary>
        public bool IsAnswered { get; set; }

        /// <summary>The last question was answered.</summary>
        public bool IsCurrent { get; set; }

        public NameEntry? Entry { get; set; }

        public Instant SentAt { get; set; }

        public Instant DueAt { get; set; }
    }
}
