using Overlay.Nodes.Rest;

namespace Overlay.Nodes.Tests.Rest;

/// <summary>Which paths a pattern answers, and with which parameters.</summary>
public sealed class PatternTests
{
    [Theory]
    [InlineData("/", "/", "")]
    [InlineData("/", "", null)]
    [InlineData("/", "/a", null)]
    [InlineData("/a", "/a", "")]
    [InlineData("/a", "/a/", null)]
    [InlineData("/a", "/A", null)]
    [InlineData("/a", "/ab", null)]
    [InlineData("/a/b", "/a/b", "")]
    [InlineData("/a/b", "/a/b/c", null)]
    [InlineData("/a.b", "/a.b", "")]
    [InlineData("/a.b", "/axb", null)]
    [InlineData("/a+b", "/a+b", "")]
    [InlineData("/a(b)", "/a(b)", "")]
    [InlineData("/a$", "/a$", "")]
    [InlineData("/:x", "/a", "x=a")]
    [InlineData("/:x", "/", "x=")]
    [InlineData("/:x", "/a/b", null)]
    [InlineData("/:x", "/a-b", "x=a-b")]
    [InlineData("/:x", "/a_b$c", "x=a_b$c")]
    [InlineData("/:x", "/a.b", null)]
    [InlineData("/:x", "/a%20b", null)]
    [InlineData("/:x", "/Käse", null)]
    [InlineData("/users/:user/posts/:post", "/users/ada/posts/7", "user=ada post=7")]
    [InlineData("/users/:user/posts/:post", "/users/ada/posts", null)]
    [InlineData("/users/:user/posts/:post", "/users//posts/", "user= post=")]
    [InlineData("/v/:x-:y", "/v/a-b", "x=a y=b")]
    [InlineData("/v/:x-:y", "/v/a-b-c", "x=a-b y=c")]
    [InlineData("/v/:x-:y", "/v/-", "x= y=")]
    [InlineData("/v/:x-:y", "/v/a", null)]
    [InlineData("/:a:b", "/xy", "a=xy b=")]
    [InlineData("/:x.json", "/a.json", "x=a")]
    [InlineData("/:x.json", "/ajson", null)]
    [InlineData("/{x}", "/a", "x=a")]
    [InlineData("/{x}", "/", null)]
    [InlineData("/{x}", "/a.b", "x=a.b")]
    [InlineData("/{x}", "/two%20words", "x=two words")]
    [InlineData("/{x}", "/Käse", "x=Käse")]
    [InlineData("/{x}", "/a/b", null)]
    [InlineData("/{x}/{y}", "/a/b", "x=a y=b")]
    [InlineData("/{x}.{y}", "/a.b.c", "x=a.b y=c")]
    [InlineData("/users/{id}", "/users/%2e%2e%2f", "id=../")]
    [InlineData("/files/{*path}", "/files/a/b/c.txt", "path=a/b/c.txt")]
    [InlineData("/files/{*path}", "/files/", "path=")]
    [InlineData("/files/{*path}", "/files", null)]
    [InlineData("/:x/{y}", "/a-b/c.d", "x=a-b y=c.d")]
    [InlineData("/a\n", "/a", null)]
    [InlineData("/a", "/a\n", null)]
    public void A_pattern_matches_the_whole_path_or_not_at_all(string pattern, string path, string? parameters)
    {
        var matches = new RestPattern(pattern).TryMatch(path, out var found);

        Assert.Equal(parameters is not null, matches);
        Assert.Equal(parameters ?? "", string.Join(' ', found.Select(parameter => $"{parameter.Key}={parameter.Value}")));
    }

    [Theory]
    [InlineData("/a?b")]
    [InlineData("/a&b")]
    [InlineData("/:x/:x")]
    [InlineData("/:x/{x}")]
    [InlineData("/{x")]
    [InlineData("/x}")]
    [InlineData("/{}")]
    public void What_is_no_pattern_is_refused_when_the_route_is_added(string pattern)
    {
        var error = Assert.Throws<ArgumentException>(() => new RestRouter().MapGet(pattern, _ => "x"));

        Assert.Contains($"'{pattern}'", error.Message, StringComparison.Ordinal);
    }

    // Each parameter may take any part of it: a matcher that tries them all would not come back.
    [Fact]
    public void A_long_path_that_almost_matches_is_refused_at_once()
    {
        var pattern = new RestPattern("/:a-:b-:c-:d-:e-:f-:g-:h!");

        Assert.False(pattern.TryMatch("/" + new string('-', 50_000), out _));
    }

    [Fact]
    public async Task Groups_put_their_prefix_in_front_and_routers_nest_without_one()
    {
        await using var rest = new RestPair();
        var nested = new RestRouter().MapGet("/nested", _ => "nested");
        rest.Server.Use(nested);
        var api = rest.Server.MapGroup("/api");
        api.Use((context, next) =>
        {
            context.Response.Headers["x-api"] = "1";
            return next();
        });
        api.MapGet("/a", _ => "a");
        api.MapGroup("/{version}").MapGet("/b", context => RestResult.Text(context.Request.Params["version"]));
        rest.Server.MapMethods("/both", ["get", "post"], context => context.Response.TextAsync(context.Request.Method));
        rest.Server.MapGet("/first", _ => "one").MapGet("/:any", _ => "two");

        foreach (var (path, text) in new[] { ("/nested", "nested"), ("/api/a", "a"), ("/api/v2/b", "v2"), ("/both", "get"), ("/first", "one"), ("/else", "two"), ("/api/none", "not found") })
        {
            Assert.Equal(text, await (await rest.FetchAsync(path)).ReadTextAsync());
        }

        Assert.Equal("1", (await rest.FetchAsync("/api/a")).Headers["x-api"]);
        Assert.Equal("post", await (await rest.FetchAsync("/both", new FetchOptions { Method = "post" })).ReadTextAsync());
    }
}
