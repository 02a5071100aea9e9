namespace Overlay.Admission;

/// <summary>What a hub must remember across restarts besides its keys.</summary>
/// <param name="IsFounded">A network was founded: do not found another one while its gateways may come back (mechanisms §4).</param>
/// <param name="Collisions">Keys whose first position belonged to another key, with the counter that gave them theirs.</param>
public sealed record HubState(bool IsFounded, IReadOnlyList<CollidedKey> Collisions)
{
    /// <summary>A new hub's state.</summary>
    public static readonly HubState New = new(IsFounded: false, []);

    /// <summary>The epoch of the root that the hub appointed last, were the network a tree; 0: none yet.</summary>
    public uint RootEpoch { get; init; }

    /// <summary>Until then some member may introduce newcomers by what this hub granted, in Unix seconds; 0: none ever could.</summary>
    public long DelegatedUntil { get; init; }

    /// <summary>Numbers that a delegate has given to certificates; null for a hub.</summary>
    public DelegateNumbers? Numbers { get; init; }
}

/// <summary>How far a delegate has counted.</summary>
/// <param name="Since">Its delegation's beginning, in Unix seconds: under another delegation it counts anew.</param>
/// <param name="Used">Certificates issued.</param>
public sealed record DelegateNumbers(long Since, uint Used);

/// <summary>A key whose position was drawn more than once.</summary>
/// <param name="Key">The first 16 bytes of SHA-256(key), big-endian.</param>
/// <param name="Counter">The counter that gave its position.</param>
public readonly record struct CollidedKey(UInt128 Key, int Counter);
