namespace Overlay.Nodes.Streams;

/// <summary>How far ahead a stream reads, and how long it bears silence.</summary>
public sealed record CreditStreamOptions
{
    /// <summary>Smoke's own: 8 s of silence end a stream; the window tunes itself.</summary>
    public static CreditStreamOptions Default { get; } = new();

    /// <summary>For byte pipes between our own nodes: each direction ends for itself, and silence is no reason to end.</summary>
    /// <remarks>Whether the other side lives is the channel's business: it breaks off when the node is gone.</remarks>
    public static CreditStreamOptions Pipe { get; } = new() { HalfClose = true, InactivityTimeout = Timeout.InfiniteTimeSpan, KeepAlivePeriod = Timeout.InfiniteTimeSpan };

    /// <summary>Items that the other side may send ahead of the reader: fixed.</summary>
    /// <value>Default null: from <see cref="InitialWindow"/> to <see cref="MaxWindow"/> as the reader keeps up. At least 1.</value>
    /// <remarks>1 is Smoke's own: each item is asked for when the one before was taken.</remarks>
    public int? Window { get; init; }

    /// <summary>The window at the start, where it is tuned.</summary>
    /// <value>Default 2; 1 … <see cref="MaxWindow"/>.</value>
    public int InitialWindow { get; init; } = 2;

    /// <summary>The largest window that tuning arrives at.</summary>
    /// <value>Default 256 items.</value>
    public int MaxWindow { get; init; } = 256;

    /// <summary>What may lie unread at this end; a window of large items is smaller accordingly.</summary>
    /// <value>Default 16 MiB. At least 1 MB, which is one item.</value>
    public int MaxWindowBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How long a read or write waits while nothing at all comes from the other side.</summary>
    /// <value>Default 8 s; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</value>
    public TimeSpan InactivityTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long this side may be silent before it sends a sign of life.</summary>
    /// <value>Default 2 s, so that an original server, which bears 4 s, hears one in time; <see cref="Timeout.InfiniteTimeSpan"/> for none.</value>
    public TimeSpan KeepAlivePeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest item that a byte view makes of what is written.</summary>
    /// <value>Default 65,535 bytes, which with its type fill two segments. 1 … 999,999.</value>
    public int ChunkBytes { get; init; } = 65_535;

    /// <summary>Whether an empty item ends its direction only, so that the other one goes on; the other side must know.</summary>
    /// <value>Default false: whichever side ends first ends both directions, as in Smoke.</value>
    public bool HalfClose { get; init; }

    /// <summary>How long a byte view that is disposed of waits, without any progress, for the other side to take what was written.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Throws for values that cannot work.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        Require(Window is null or >= 1, $"Window: {Window} is less than 1.");
        Require(MaxWindow >= 1, $"MaxWindow: {MaxWindow} is less than 1.");
        Require(InitialWindow >= 1 && InitialWindow <= MaxWindow, $"InitialWindow: {InitialWindow} is not in 1 … MaxWindow ({MaxWindow}).");
        Require(MaxWindowBytes >= CreditStream.MaxItemBytes, $"MaxWindowBytes: {MaxWindowBytes} is less than one item, {CreditStream.MaxItemBytes}.");
        Require(IsPeriod(InactivityTimeout), $"InactivityTimeout: {InactivityTimeout} is neither more than zero nor infinite.");
        Require(IsPeriod(KeepAlivePeriod), $"KeepAlivePeriod: {KeepAlivePeriod} is neither more than zero nor infinite.");
        Require(ChunkBytes is >= 1 and <= CreditStream.MaxItemBytes, $"ChunkBytes: {ChunkBytes} is not in 1 … {CreditStream.MaxItemBytes}.");
        Require(CloseTimeout > TimeSpan.Zero, $"CloseTimeout: {CloseTimeout} is not more than zero.");
    }

    private static bool IsPeriod(TimeSpan value) => value > TimeSpan.Zero || value == Timeout.InfiniteTimeSpan;

    private static void Require(bool holds, string error)
    {
        if (!holds)
        {
            throw new ArgumentException(error);
        }
    }
}
