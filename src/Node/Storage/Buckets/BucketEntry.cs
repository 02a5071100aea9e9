namespace Overlay.Nodes.Storage;

/// <summary>A file of a <see cref="Bucket"/>.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Created">When it was first written. Replacing keeps it.</param>
/// <param name="Updated">When it was last written.</param>
public readonly record struct BucketEntry(string Key, long Size, DateTimeOffset Created, DateTimeOffset Updated);
