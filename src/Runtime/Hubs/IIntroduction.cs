using Overlay.Identity;

namespace Overlay.Runtime.Hubs;

/// <summary>A hub's endpoint inside a member, at which others are admitted: the member is a seed while it is open.</summary>
/// <remarks>
/// The node asks a hub for the right to do so and keeps it (with <see cref="RuntimeOptions.DataDirectory"/> also across restarts), so that its endpoint opens
/// whether a hub lives or not. All calls come one after the other.
/// </remarks>
public interface IIntroduction
{
    /// <summary>Where others reach the endpoint, <c>ws://…</c> or <c>wss://…</c>; empty where nobody is to be told.</summary>
    string Address { get; }

    /// <summary>Opens the endpoint; called again with a newer right, or with other seeds.</summary>
    /// <returns>The way of the node itself to its endpoint; the same on every call.</returns>
    /// <exception cref="OverlayException">It cannot be opened; the message names the cure. The node goes on without it and tries again with its next right.</exception>
    Task<IHubConnector> OpenAsync(IntroductionRight right, CancellationToken cancellationToken);

    /// <summary>Closes the endpoint. Called also where it never opened.</summary>
    ValueTask CloseAsync();
}

/// <summary>With what right a node introduces others.</summary>
/// <param name="Signing">The node's own key.</param>
/// <param name="Delegation">What the network's hub granted to it.</param>
/// <param name="HubKey">The hub's key, 64 bytes.</param>
/// <param name="Seeds">Other places where one is admitted to the network, to be told to newcomers.</param>
public sealed record IntroductionRight(ISigning Signing, Delegation Delegation, ReadOnlyMemory<byte> HubKey, IReadOnlyList<string> Seeds)
{
    /// <summary>Where hubs can be dialled, to be told to newcomers as well: so a hub that comes back is called also by those it never met.</summary>
    public IReadOnlyList<HubPlace> Hubs { get; init; } = [];
}
