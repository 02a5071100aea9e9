namespace Overlay.Simulator.Scenarios;

/// <summary>What members ask of the network.</summary>
public enum WorkloadKind
{
    /// <summary>Who owns this key?</summary>
    Lookups,

    /// <summary>A message to a member, or to whoever owns a key, with a receipt.</summary>
    Messages,

    /// <summary>A link to another member, signalled through the overlay.</summary>
    Links,

    /// <summary>A name for the member; once there are <see cref="WorkloadSpec.Names"/>, tries to take one that is taken.</summary>
    Register,

    /// <summary>Who holds this name? One of those that were registered, each as likely as any other.</summary>
    Resolve,

    /// <summary>A message to all members.</summary>
    Broadcast,
}

/// <summary>When the next one comes.</summary>
public enum ArrivalKind
{
    /// <summary>Without memory, at the rate.</summary>
    Poisson,

    /// <summary>At equal distances, each node with an offset of its own.</summary>
    Periodic,
}

/// <summary>Something that every member does again and again.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Rate">How often, for each member and second; 0 … 1,000.</param>
public sealed record WorkloadSpec(WorkloadKind Kind, double Rate)
{
    /// <summary>When the next one comes.</summary>
    /// <value>Default <see cref="ArrivalKind.Poisson"/>.</value>
    public ArrivalKind Arrivals { get; init; } = ArrivalKind.Poisson;

    /// <summary>Which keys are asked for.</summary>
    /// <value>Default: uniform over the ring.</value>
    public KeySpec Keys { get; init; } = new();

    /// <summary>The size of a message's or broadcast's body, in bytes; 0 … 65,536.</summary>
    /// <value>Default 100.</value>
    public int Bytes { get; init; } = 100;

    /// <summary>Register: how many names there are in all; 1 … 100,000.</summary>
    /// <value>Default 1,000.</value>
    public int Names { get; init; } = 1000;
}

/// <summary>How keys are spread.</summary>
public enum KeyLaw
{
    /// <summary>Each place of the ring is as likely as any other.</summary>
    Uniform,

    /// <summary>A few keys are asked for most of the time: the k-th with weight 1 / k^exponent.</summary>
    Zipf,
}

/// <summary>Which keys are asked for.</summary>
public sealed record KeySpec
{
    /// <summary>How they are spread.</summary>
    /// <value>Default <see cref="KeyLaw.Uniform"/>.</value>
    public KeyLaw Law { get; init; } = KeyLaw.Uniform;

    /// <summary>Zipf: the exponent, 0 … 5.</summary>
    /// <value>Default 1.</value>
    public double Exponent { get; init; } = 1;

    /// <summary>Zipf: how many keys there are, each at a random place; 1 … 10,000,000.</summary>
    /// <value>Default 100,000.</value>
    public int Universe { get; init; } = 100_000;
}
