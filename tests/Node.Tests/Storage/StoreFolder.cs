using Overlay.Nodes.Storage;

namespace Overlay.Nodes.Tests.Storage;

/// <summary>A folder for the stores of one test, gone afterwards.</summary>
internal sealed class StoreFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("overlay-store-");

    public string Path => _folder.FullName;

    /// <summary>Options for a store in this folder, or in memory.</summary>
    public DatabaseOptions Options(bool inMemory = false) => new() { Directory = Path, InMemory = inMemory, BusyTimeout = TimeSpan.Zero };

    public StoreOptions BucketOptions(bool inMemory = false) => new() { Directory = Path, InMemory = inMemory, BusyTimeout = TimeSpan.Zero };

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => _folder.Delete(recursive: true);
}
