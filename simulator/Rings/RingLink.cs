using Overlay.Messages;

namespace Overlay.Simulator.Rings;

/// <summary>The one connection that two nodes may have, with what each side wants it for.</summary>
internal sealed class RingLink(int low, int high)
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

    public void Want(int node, LinkPurpose purpose) => Of(node) |= purpose;

    public void Unwant(int node, LinkPurpose purpose) => Of(node) &= ~purpose;

    public bool IsWantedBy(int node) => Of(node) != LinkPurpose.None;

    public void ForgetWishesOf(int node) => Of(node) = LinkPurpose.None;

    private ref LinkPurpose Of(int node)
    {
        if (node == Low)
        {
            return ref _lowWants;
        }

        return ref _highWants;
    }
}
