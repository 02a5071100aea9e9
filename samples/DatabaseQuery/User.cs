namespace Overlay.Samples.DatabaseQuery;

/// <summary>A record; its <c>Key</c> is the database's.</summary>
internal sealed record User(string Key, string Name, string Role);
