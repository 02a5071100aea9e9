using Overlay.Messages;

namespace Overlay.Simulator.Trees;

/// <summary>The one connection that two nodes may have, with what each side wants it for.</summary>
internal sealed class TreeLink(int low, int high)
{
    private LinkPurpose _lowWants;
    private LinkPurpose _highWants;

    public int Low { get; } = low;

    public int High { get; } = high;

    public bool IsOpen { get; set; }

    public bool IsSettingUp { get; set; }

    /// <summary>Counts set-ups and closes, so that an event of an earlier life is void.</summary>
    public int Life { get; set; }

    public bool IsWanted => (_lowWants | _highWants) != LinkPurpose.None;

    public ref LinkPurpose WishOf(int node)
    {
        if (node == Low)
        {
            return ref _lowWants;
        }

        return ref _highWants;
    }
}
