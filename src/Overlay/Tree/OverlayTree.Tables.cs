using Overlay.Identity;
using Overlay.Messages;
using Overlay.Ring;
using Overlay.Time;

namespace Overlay.Tree;

// Which child leads where:  child → Table(added, gone) → parent, up to the root;  every 30 s  child → Digest → parent, and the whole list where it does not agree.
public sealed partial class OverlayTree
{
    private static readonly TimeSpan FlushDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan DigestPeriod = TimeSpan.FromSeconds(30);

    /// <summary>While the tree changes, what a race left wrong is not to wait for the next round.</summary>
    private static readonly TimeSpan DigestAfterNews = TimeSpan.FromSeconds(1);

    private Dictionary<RingId, bool>? _news; // id → came (true) or went
    private RareList<(int Child, Moment Due)> _lost;
    private Moment _flushDue = Moment.Never;
    private Moment _digestDue = Moment.Never;

    /// <summary>A child's list.</summary>
    public void OnTable(Instant now, in Contact from, TreeTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (FindChild(from.Id) is not { } child)
        {
            return;
        }

        if (table.Reset)
        {
            foreach (var id in _table.Below(child.Key))
            {
                if (id != child.Id)
                {
                    LeaveTable(now, id, child.Key);
                }
            }
        }

        for (var i = 0; i < table.Gone.Count; i++)
        {
            if (table.Gone[i] != child.Id)
            {
                LeaveTable(now, table.Gone[i], child.Key);
            }
        }

        EnterInTable(now, child.Id, child); // Whatever others said of it: it is here.
        for (var i = 0; i < table.Added.Count; i++)
        {
            EnterInTable(now, table.Added[i], child);
        }
    }

    /// <summary>A child compares what it has with what its parent has; or a parent asks for the whole list.</summary>
    public void OnDigest(Instant now, in Contact from, TreeDigest digest)
    {
        ArgumentNullException.ThrowIfNull(digest);
        if (_parent is { } parent && parent.Id == from.Id)
        {
            SendWholeTable(now);
        }
        else if (FindChild(from.Id) is { } child && (child.TableCount != digest.Count || child.TableHash != digest.Hash))
        {
            _port.Send(now, child.Id, new TreeDigest(child.TableCount, child.TableHash));
        }
    }

    /// <summary>A child was sent a message for a node that is not below it.</summary>
    public void OnNotHere(Instant now, in Contact from, TreeNotHere notHere)
    {
        ArgumentNullException.ThrowIfNull(notHere);
        if (FindChild(from.Id) is { } child && notHere.Id != child.Id)
        {
            LeaveTable(now, notHere.Id, child.Key);
        }
    }

    private void EnterInTable(Instant now, RingId id, TreeChild child)
    {
        if (id != _self && _table.Add(id, child, _children))
        {
            Note(now, id, came: true);
        }
    }

    private void LeaveTable(Instant now, RingId id, int child)
    {
        if (_table.Remove(id, child, _children))
        {
            Note(now, id, came: false);
        }
    }

    private void LeaveTable(Instant now, int child)
    {
        foreach (var id in _table.Below(child))
        {
            LeaveTable(now, id, child);
        }
    }

    /// <summary>What the parent has to hear; who came and went in between is not news.</summary>
    private void Note(Instant now, RingId id, bool came)
    {
        if (_parent is null)
        {
            return;
        }

        _digestDue = Instant.Min(_digestDue, now + DigestAfterNews);
        _news ??= [];
        if (_news.TryGetValue(id, out var before) && before != came)
        {
            _news.Remove(id);
        }
        else
        {
            _news[id] = came;
        }

        if (_flushDue == Instant.Never)
        {
            _flushDue = now + FlushDelay;
        }
    }

    private void FlushTable(Instant now)
    {
        _flushDue = Moment.Never;
        if (_news is not { } news || _parent is not { } parent)
        {
            _news = null;
            return;
        }

        _news = null;
        var (added, gone) = (new List<RingId>(), new List<RingId>());
        foreach (var (id, came) in news)
        {
            (came ? added : gone).Add(id);
            if (added.Count == TreeTable.MaxIds || gone.Count == TreeTable.MaxIds)
            {
                _port.Send(now, parent.Id, new TreeTable(false, added, gone));
                (added, gone) = ([], []);
            }
        }

        if (added.Count + gone.Count > 0)
        {
            _port.Send(now, parent.Id, new TreeTable(false, added, gone));
        }
    }

    private void SendWholeTable(Instant now)
    {
        (_news, _flushDue) = (null, Moment.Never);
        if (_parent is not { } parent)
        {
            return;
        }

        var all = _table.All();
        for (var at = 0; at == 0 || at < all.Count; at += TreeTable.MaxIds)
        {
            _port.Send(now, parent.Id, new TreeTable(at == 0, all.GetRange(at, Math.Min(TreeTable.MaxIds, all.Count - at)), []));
        }
    }

    private void TendTable(Instant now)
    {
        for (var i = _lost.Count - 1; i >= 0; i--)
        {
            if (_lost[i].Due <= now)
            {
                LeaveTable(now, _lost[i].Child);
                _lost.RemoveAt(i);
            }
        }

        if (_digestDue <= now)
        {
            _digestDue = now + DigestPeriod;
            FlushTable(now);
            if (_parent is { } parent)
            {
                _port.Send(now, parent.Id, new TreeDigest(_table.Count + 1, _table.Hash + SubtreeTable.HashOf(_self)));
            }
        }
    }
}
