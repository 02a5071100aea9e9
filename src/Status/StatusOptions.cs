namespace Overlay.Status;

/// <summary>Limits of a status page. Its server bounds what it keeps and what it asks, whatever is asked of it.</summary>
public sealed record StatusOptions
{
    /// <summary>Questions to members in a second at the most, for all viewers together.</summary>
    public const int MaxQueriesPerSecond = 200;

    /// <summary>Pages that may be open at once.</summary>
    /// <value>Default 32; 1 … 1,000. The next one is told 503 and why, and tries again by itself.</value>
    public int MaxViewers { get; init; } = 32;

    /// <summary>Members that are shown.</summary>
    /// <value>Default 10,000; 16 … 100,000. More are left out.</value>
    public int MaxMembers { get; init; } = 10_000;

    /// <summary>Bytes of changes that are kept for viewers who fall behind.</summary>
    /// <value>Default 4 MiB; 64 KiB … 256 MiB. Who is further behind is given the whole picture anew.</value>
    public int MaxTailBytes { get; init; } = 4 << 20;

    /// <summary>The wait between two rounds of questions while things change.</summary>
    /// <value>Default 1 s; 100 ms … 60 s. It doubles with each round that finds nothing new, up to <see cref="MaxPause"/>.</value>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The wait between two rounds in a network at rest.</summary>
    /// <value>Default 4 s; not less than <see cref="Pause"/>, at most 60 s.</value>
    public TimeSpan MaxPause { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long it goes on asking after the last viewer has gone, who may only be loading the page anew.</summary>
    /// <value>Default 5 s; 0 … 60 s.</value>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Every reason why these options cannot work, each naming the key.</summary>
    public IEnumerable<string> Errors()
    {
        if (MaxViewers is < 1 or > 1000)
        {
            yield return $"MaxViewers: {MaxViewers} is not in 1 … 1000.";
        }

        if (MaxMembers is < 16 or > 100_000)
        {
            yield return $"MaxMembers: {MaxMembers} is not in 16 … 100000.";
        }

        if (MaxTailBytes is < 64 << 10 or > 256 << 20)
        {
            yield return $"MaxTailBytes: {MaxTailBytes} is not in 65536 … 268435456.";
        }

        if (Pause < TimeSpan.FromMilliseconds(100) || Pause > TimeSpan.FromMinutes(1))
        {
            yield return $"Pause: {Pause} is not in 100 ms … 60 s.";
        }

        if (MaxPause < Pause || MaxPause > TimeSpan.FromMinutes(1))
        {
            yield return $"MaxPause: {MaxPause} is not in {Pause} (Pause) … 60 s.";
        }

        if (Linger < TimeSpan.Zero || Linger > TimeSpan.FromMinutes(1))
        {
            yield return $"Linger: {Linger} is not in 0 … 60 s.";
        }
    }
}
