using Overlay.Messages;
using Overlay.Ring;

namespace Overlay.Runtime;

/// <summary>Signals of Smoke's protocol between this node and pages at the network's hubs, or other members: any JSON.</summary>
/// <remarks>
/// <para>What a connection with a page is set up over. The node does that by itself: a page's offers, answers and candidates are taken before they come here, unless it connects with no
/// pages (<see cref="Channels.PeerChannelOptions.MaxPages"/> is 0).</para>
/// <para>Each signal arrives once; in order as long as nothing is lost on the way, while what had to be sent again may come later. A page keeps its address until its socket
/// ends; after that the address is never another page's while its hub lives.</para>
/// </remarks>
public interface IGuestSignals
{
    /// <summary>What pages write to reach this node: 12 hexadecimal digits.</summary>
    string Address { get; }

    /// <summary>
    /// Who is meant by an address of Smoke's protocol: a dotted quad is a page at the hub that admitted this node, 12 hexadecimal digits are an id, a member's or (<c>ff</c> ‖ hub
    /// number ‖ address) a page's at any hub. False where it is neither: a host name, perhaps.
    /// </summary>
    bool TryReadAddress(string address, out RingId id);

    /// <summary>Sends one JSON value and waits until the page's hub, or the member, has it: at most about ten seconds.</summary>
    /// <param name="to">The page or member.</param>
    /// <param name="json">One JSON value in UTF-8, at most <see cref="GuestSignal.MaxJsonBytes"/>.</param>
    /// <param name="cancellationToken">Stops waiting; the signal may still arrive.</param>
    /// <exception cref="ArgumentException">Not one JSON value, or too long.</exception>
    /// <exception cref="OverlayException"><see cref="Outcome.Unreachable"/> (with <see cref="OverlayException.Drop"/> <see cref="DropReason.GuestGone"/>: the hub says that there is no
    /// such page; else no gateway or member answered), <see cref="Outcome.Busy"/> (it gets too many), <see cref="Outcome.TimedOut"/>.</exception>
    Task SendAsync(RingId to, ReadOnlyMemory<byte> json, CancellationToken cancellationToken = default);

    /// <summary>The signals that arrive, in order of arrival. One reader; ends when the node stops.</summary>
    /// <remarks>Where nobody reads, the newest are dropped and counted once <see cref="RuntimeOptions.MaxUnreadSignals"/> wait.</remarks>
    IAsyncEnumerable<SmokeSignal> ReadAllAsync(CancellationToken cancellationToken = default);
}

/// <summary>A signal that a page or a member sent to this node.</summary>
/// <param name="From">Who sent it; its text is the address to answer to.</param>
/// <param name="IsVouched">It is a page's, and its hub signed for it: the page has no key to prove later.</param>
/// <param name="Json">One JSON value in UTF-8.</param>
public sealed record SmokeSignal(RingId From, bool IsVouched, ReadOnlyMemory<byte> Json);
