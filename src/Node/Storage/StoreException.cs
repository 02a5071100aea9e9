namespace Overlay.Nodes.Storage;

/// <summary>Why an operation of a <see cref="Database"/> or a <see cref="Bucket"/> failed, for programs.</summary>
public enum StoreError
{
    /// <summary>The system refused to read or write; the message has its words.</summary>
    Failed,

    /// <summary>A record with this key is there already.</summary>
    DuplicateKey,

    /// <summary>The record has no key, or one that cannot be stored.</summary>
    KeyRequired,

    /// <summary>Another process has the store open, or something here still uses it.</summary>
    Busy,

    /// <summary>The disk, or the size that the options allow, is used up.</summary>
    Full,

    /// <summary>The file is damaged.</summary>
    Corrupt,

    /// <summary>The file is no store of this kind.</summary>
    NotAStore,

    /// <summary>The file was written by a newer version.</summary>
    NewerFormat,

    /// <summary>The user may not read or write the file or its folder.</summary>
    AccessDenied,

    /// <summary>SQLite is not installed, or too old.</summary>
    LibraryMissing,

    /// <summary>A record, a commit or a file is larger than the stated limit.</summary>
    TooLarge,

    /// <summary>The bucket has no file under this key.</summary>
    NotFound,

    /// <summary>The stored JSON does not fit the type that was asked for.</summary>
    WrongType,
}

/// <summary>An operation on a store failed. The message names the cause and the cure.</summary>
/// <remarks>Whatever failed, the store is as it was before the call, and usable.</remarks>
public class StoreException : IOException
{
    public StoreException(StoreError reason, string message, Exception? inner = null)
        : base(message, inner) => Reason = reason;

    /// <summary>The kind of failure.</summary>
    public StoreError Reason { get; }
}

/// <summary>The commit would have inserted a key that is there already; nothing of it was stored.</summary>
public sealed class DuplicateKeyException(string store, string key) : StoreException(
    StoreError.DuplicateKey,
    $"Store '{store}' has a record with key '{key}' already, so nothing of this commit was stored. Update that record, or roll back and insert under another key (Database.NewKey makes one).")
{
    /// <summary>The store of the record.</summary>
    public string Store { get; } = store;

    /// <summary>The key that was there.</summary>
    public string Key { get; } = key;
}

/// <summary>A record was staged without a key, or with one that cannot be stored. Nothing was staged.</summary>
public sealed class KeyRequiredException(string message) : StoreException(StoreError.KeyRequired, message);

/// <summary>Another process has the store open, or somebody in this one still does.</summary>
public sealed class StoreBusyException(string message, Exception? inner = null) : StoreException(StoreError.Busy, message, inner);

/// <summary>The disk or the store's own limit is used up; nothing of the operation was stored.</summary>
public sealed class StoreFullException(string message, Exception? inner = null) : StoreException(StoreError.Full, message, inner);

/// <summary>The file is damaged.</summary>
public sealed class StoreCorruptException(string message, Exception? inner = null) : StoreException(StoreError.Corrupt, message, inner);

/// <summary>SQLite cannot be loaded.</summary>
public sealed class SqliteMissingException(string message) : StoreException(StoreError.LibraryMissing, message);

/// <summary>The bucket has no file under this key.</summary>
public sealed class BucketKeyNotFoundException(string key) : StoreException(
    StoreError.NotFound, $"The bucket has no file '{key}'. ListAsync tells which there are; OpenWriteAsync makes one.")
{
    /// <summary>The key that was asked for.</summary>
    public string Key { get; } = key;
}
