using Overlay.Nodes.Rest;

namespace Overlay.Nodes.Tests.Rest;

/// <summary>A server on port 80 and a client: one node, or two.</summary>
internal sealed class RestPair : IAsyncDisposable
{
    public RestPair(bool isLoopback = false, RestServerOptions? options = null)
    {
        ServerNode = Net.Add();
        ClientNode = isLoopback ? ServerNode : Net.Add();
        Server = ServerNode.Rest.CreateServer(options).Listen();
        Host = isLoopback ? "localhost" : ServerNode.Address;
    }

    public MemoryNetwork Net { get; } = new();

    public MemoryNode ServerNode { get; }

    public MemoryNode ClientNode { get; }

    public RestServer Server { get; }

    public string Host { get; }

    public static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    public Task<FetchResponse> FetchAsync(string path, FetchOptions? options = null, CancellationToken cancellationToken = default) =>
        ClientNode.Rest.FetchAsync($"rest://{Host}{path}", options, cancellationToken == default ? TestContext.Current.CancellationToken : cancellationToken);

    public ValueTask DisposeAsync() => Net.DisposeAsync();
}
