using Overlay.Nodes.Rest;

namespace Overlay.Nodes.Tests.Rest;

/// <summary>Addresses and parameters, as Smoke reads them.</summary>
public sealed class UrlTests
{
    [Theory]
    [InlineData("rest://user:pass@domain.com/", "user:pass", "domain.com", null, "/", "/", "", null)]
    [InlineData("rest://user:pass@domain.com/path", "user:pass", "domain.com", null, "/path", "/path", "", null)]
    [InlineData("rest://user:pass@domain.com/path?a=10", "user:pass", "domain.com", null, "/path?a=10", "/path", "?a=10", null)]
    [InlineData("rest://user:pass@domain.com/path?a=10#foo", "user:pass", "domain.com", null, "/path?a=10#foo", "/path", "?a=10", "#foo")]
    [InlineData("rest://user:pass@domain.com:5000/path?a=10#foo", "user:pass", "domain.com", "5000", "/path?a=10#foo", "/path", "?a=10", "#foo")]
    [InlineData("rest://domain.com:5000/path?a=10#foo", null, "domain.com", "5000", "/path?a=10#foo", "/path", "?a=10", "#foo")]
    [InlineData("rest://domain.com", null, "domain.com", null, "/", "/", "", null)]
    [InlineData("rest://domain.com?a=10", null, "domain.com", null, "/?a=10", "/", "?a=10", null)]
    [InlineData("rest://Alice:80/", null, "Alice", "80", "/", "/", "", null)]
    public void An_address_is_taken_apart(string url, string? auth, string host, string? port, string path, string pathname, string search, string? hash)
    {
        var parts = RestUrl.Parse(url);

        Assert.Equal(("rest:", auth, host, port), (parts.Protocol, parts.Auth, parts.Host, parts.Port));
        Assert.Equal(port is null ? host : $"{host}:{port}", parts.Hostname);
        Assert.Equal((path, pathname, search, hash), (parts.Path, parts.Pathname, parts.Search, parts.Hash));
        Assert.Equal((search.TrimStart('?'), url), (parts.Query, parts.Href));
    }

    [Theory]
    [InlineData("/", "/", "/", "", null)]
    [InlineData("/path", "/path", "/path", "", null)]
    [InlineData("/path?a=10", "/path?a=10", "/path", "?a=10", null)]
    [InlineData("/path?a=10#foo", "/path?a=10#foo", "/path", "?a=10", "#foo")]
    [InlineData("", "/", "/", "", null)]
    [InlineData("path", "path", "path", "", null)]
    [InlineData("path?a=10", "path?a=10", "path", "?a=10", null)]
    [InlineData("path?a=10#foo", "path?a=10#foo", "path", "?a=10", "#foo")]
    [InlineData("/path#foo?a=10", "/path#foo?a=10", "/path", "", "#foo?a=10")]
    public void What_has_no_scheme_is_a_path(string url, string path, string pathname, string search, string? hash)
    {
        var parts = RestUrl.Parse(url);

        Assert.Equal((null, null, null, null, null), (parts.Protocol, parts.Auth, parts.Host, parts.Hostname, parts.Port));
        Assert.Equal((path, pathname, search, hash), (parts.Path, parts.Pathname, parts.Search, parts.Hash));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("/path", "")]
    [InlineData("?", "")]
    [InlineData("?a=10", "a=10")]
    [InlineData("?a=10&b=20", "a=10 b=20")]
    [InlineData("?a=10&b=20&a=30", "a=10,30 b=20")]
    [InlineData("?a=10&a=10", "a=10")]
    [InlineData("?a=&a=10", "a=10")]
    [InlineData("?a=10&a=", "a=10")]
    [InlineData("?a", "a=")]
    [InlineData("?a=", "a=")]
    [InlineData("?a&a", "a=")]
    [InlineData("?a=10&b=20&#a=30", "a=10 b=20 #a=30")]
    [InlineData("?a=10&a#=30", "a=10 a#=30")]
    [InlineData("a=10&?b=20&a=30", "b=20 a=30")]
    [InlineData("?a=10?b=20?c=30?d=40", "a=10 b=20 c=30 d=40")]
    [InlineData("?a= 10 ", "a= 10 ")]
    [InlineData("a=10&b=20", "")]
    [InlineData("b=20?c=30#d=40", "c=30#d")]
    [InlineData("#?a=10", "")]
    [InlineData("?a=1=2", "a=1")]
    public void Parameters_are_read_as_Smoke_reads_them(string url, string parameters) =>
        Assert.Equal(parameters, string.Join(' ', QueryParameterCollection.Parse(url, decode: false).Select(pair => $"{pair.Key}={string.Join(',', pair.Value.ToArray())}")));

    [Fact]
    public void Parameters_are_decoded_unless_that_is_not_wanted()
    {
        Assert.Equal("two words & more", QueryParameterCollection.Parse("/p?a%20b=two+words%20%26%20more")["a b"]);
        Assert.Equal("two+words%20", QueryParameterCollection.Parse("/p?a=two+words%20", decode: false)["a"]);
        Assert.Equal("%zz", QueryParameterCollection.Parse("/p?a=%zz")["a"]);
        Assert.Equal(0, QueryParameterCollection.Parse("/p?a=1")["b"].Count);
    }

    [Fact]
    public void More_pairs_than_anybody_needs_are_not_looked_at() =>
        Assert.Equal(QueryParameterCollection.MaxPairs, QueryParameterCollection.Parse("?" + string.Join('&', Enumerable.Range(0, 5_000).Select(i => $"k{i}"))).Count);
}
