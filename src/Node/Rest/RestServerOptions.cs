using Overlay.Nodes.Network;
using Overlay.Nodes.Streams;

namespace Overlay.Nodes.Rest;

/// <summary>Waits and limits of a REST server.</summary>
public sealed record RestServerOptions
{
    /// <summary>How long a client may be silent while the server waits for it, and how long the head of a request may take to arrive.</summary>
    /// <value>Default 4 s; more than zero. A handler may take as long as it likes: the client hears signs of life meanwhile.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Requests that are served at once; one more waits at the port.</summary>
    /// <value>Default 1,024; at least 1.</value>
    public int MaxConcurrentRequests { get; init; } = 1_024;

    /// <summary>The longest body that is taken into memory as a whole; as a stream it may have any length.</summary>
    /// <value>Default 64 MiB; at least 0.</value>
    public long MaxBodyBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Whom the server's port takes.</summary>
    public PortOptions Port { get; init; } = new();

    internal CreditStreamOptions Stream => new() { InactivityTimeout = Timeout, InitialWindow = InitialWindow };

    /// <summary>Head, one chunk and the end of a body: a short exchange waits for no further credit.</summary>
    internal const int InitialWindow = 3;

    /// <summary>Throws for values that cannot work.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        if (Timeout <= TimeSpan.Zero)
        {
            throw new ArgumentException($"Timeout: {Timeout} is not more than zero.");
        }

        if (MaxConcurrentRequests < 1)
        {
            throw new ArgumentException($"MaxConcurrentRequests: {MaxConcurrentRequests} is less than 1.");
        }

        if (MaxBodyBytes < 0)
        {
            throw new ArgumentException($"MaxBodyBytes: {MaxBodyBytes} is less than 0.");
        }
    }
}
