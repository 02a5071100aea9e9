using System.Text.Encodings.Web;
using System.Text.Json;

namespace Overlay.Nodes.Storage;

/// <summary>What a commit that has returned survives.</summary>
public enum StoreDurability
{
    /// <summary>Everything: a killed process and a power failure (one flush of the disk for each commit).</summary>
    Full,

    /// <summary>A killed process. A power failure may take the last commits, whole ones only, and damages nothing.</summary>
    Normal,
}

/// <summary>Options of a store on disk or in memory.</summary>
/// <remarks>Where a process opens one file several times, the options of the first count until the last is disposed of.</remarks>
public record StoreOptions
{
    /// <summary>Where stores given by name lie.</summary>
    /// <value>Default null: <c>overlay/stores</c> in the user's folder for application data.</value>
    public string? Directory { get; init; }

    /// <summary>Keep everything in memory, gone when disposed of. For tests.</summary>
    /// <value>Default false.</value>
    /// <remarks>Each open has its own contents. A query then copies the records it selects when its enumeration starts.</remarks>
    public bool InMemory { get; init; }

    /// <summary>What a commit that has returned survives.</summary>
    /// <value>Default <see cref="StoreDurability.Full"/>.</value>
    public StoreDurability Durability { get; init; } = StoreDurability.Full;

    /// <summary>How long to wait for another process to let go of the file, and for a free reader.</summary>
    /// <value>Default 2 s; 0 … 1 h. Then <see cref="StoreBusyException"/>.</value>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How large the file may grow.</summary>
    /// <value>Default null: as large as the disk. At least 64 KiB. Then <see cref="StoreFullException"/>.</value>
    public long? MaxBytes { get; init; }

    /// <summary>How many reads and enumerations may be under way at a time.</summary>
    /// <value>Default 64; 1 … 1,024. One more waits for <see cref="BusyTimeout"/>, then <see cref="StoreBusyException"/>.</value>
    public int MaxReaders { get; init; } = 64;

    /// <summary>The clock, for the times of a bucket's files.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BusyTimeout, TimeSpan.Zero, nameof(BusyTimeout));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BusyTimeout, TimeSpan.FromHours(1), nameof(BusyTimeout));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxReaders, 1, nameof(MaxReaders));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxReaders, 1_024, nameof(MaxReaders));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBytes ?? long.MaxValue, 64 * 1_024, nameof(MaxBytes));
        if (!Enum.IsDefined(Durability))
        {
            throw new ArgumentOutOfRangeException(nameof(Durability), Durability, "Full or Normal");
        }
    }
}

/// <summary>Options of a <see cref="Database"/>.</summary>
public sealed record DatabaseOptions : StoreOptions
{
    private static readonly JsonSerializerOptions DefaultJson = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>How records become JSON. A source-generated context is given as <c>MyContext.Default.Options</c>.</summary>
    /// <value>Default: the serializer's defaults, with as little escaping as JSON allows.</value>
    public JsonSerializerOptions Json { get; init; } = DefaultJson;

    /// <summary>How much may be staged for one commit, in bytes of JSON and keys.</summary>
    /// <value>Default 256 MiB. One more is refused with <see cref="StoreError.TooLarge"/>.</value>
    public long MaxStagedBytes { get; init; } = 256L * 1_024 * 1_024;

    /// <summary>How large one record's JSON may be, in bytes.</summary>
    /// <value>Default 16 MiB. Larger ones are refused with <see cref="StoreError.TooLarge"/>. (A remote query carries at most 999,999 bytes a record.)</value>
    public int MaxRecordBytes { get; init; } = 16 * 1_024 * 1_024;
}
