using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Overlay.Nodes.Http;

namespace Overlay.Nodes.Tests.Http;

/// <summary>The examples of docs/aspnetcore.md, word for word: compared here, compiled, and the first ones run.</summary>
public sealed class AspNetCoreExample
{
    [Fact]
    public async Task It_does_what_the_document_says()
    {
        Console.Lines.Clear();

        await RunAsync(TestContext.Current.CancellationToken);

        Assert.Matches("^hello [0-9a-f]{12}$", Assert.Single(Console.Lines));
    }

    [Fact]
    public void The_factory_example_is_one()
    {
        var services = new ServiceCollection();

        Register(services);

        Assert.Contains(services, service => service.ServiceType == typeof(IHttpClientFactory));
    }

    [Fact]
    public async Task Every_example_of_the_document_is_compiled_here()
    {
        var root = Tool.RepositoryRoot();
        var compiled = Lines(await File.ReadAllLinesAsync(Path.Combine(root, "tests/Node.Tests/Http/AspNetCoreExample.cs"), TestContext.Current.CancellationToken));
        var document = await File.ReadAllLinesAsync(Path.Combine(root, "docs/aspnetcore.md"), TestContext.Current.CancellationToken);
        var isCode = false;
        foreach (var line in document)
        {
            var isFence = line.StartsWith("```", StringComparison.Ordinal);
            isCode = isFence ? line == "```csharp" : isCode;
            Assert.True(!isCode || isFence || line.Trim().Length == 0 || compiled.Contains(line.Trim()), $"docs/aspnetcore.md has a line that nobody compiles: {line}");
        }
    }

    private static HashSet<string> Lines(IEnumerable<string> lines) => [.. lines.Select(line => line.Trim())];

    private static async Task RunAsync(CancellationToken ct)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddOverlayNode(node => node.Name = "web");
        builder.WebHost.UseOverlay();
        var app = builder.Build();
        app.MapGet("/", (HttpContext http) => $"hello {http.GetOverlayPeer()}");
        await app.StartAsync(ct);

        await using var bob = await Node.StartAsync(new NodeOptions { Name = "surfer" }, ct);
        using var client = new HttpClient(new OverlayHttpHandler(bob));
        Console.WriteLine(await client.GetStringAsync("http://web.overlay/", ct));
        await app.DisposeAsync();
    }

    private static void Register(IServiceCollection services)
    {
        services.AddOverlayHttpClient();                           // IHttpClientFactory.CreateClient("overlay")
        services.AddHttpClient<Catalogue>().UseOverlay();          // a typed client
        services.AddAuthentication().AddOverlay();                 // [Authorize] lets in whoever has proved an id
        services.AddAuthorization(options => options.AddPolicy("family", policy => policy.RequireClaim(OverlayClaims.Id, "b74d3057a0b3")));
    }

    private sealed class Catalogue(HttpClient http)
    {
        public HttpClient Http { get; } = http;
    }

    private static class Console
    {
        public static List<string> Lines { get; } = [];

        public static void WriteLine(string line) => Lines.Add(line);
    }
}
