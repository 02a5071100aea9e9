namespace Overlay.Cli.Tests;

public sealed class HelpTests : CommandTest
{
    [Theory]
    [InlineData("--help", "demo", "hub", "node", "send", "peers", "explain", "trace", "top", "expose", "forward", "proxy", "Exit codes", "130")]
    [InlineData("demo --help", "--nodes", "--messages", "--seed", "--topology", "--json", "12 … 256", "16", "1000")]
    [InlineData("hub --help", "--port", "--data", "--listen", "--address", "--open", "--token", "--root-secret", "--stun-port", "--json", "5000")]
    [InlineData("node --help", "--hub", "--name", "--data", "--listen", "--port", "--token", "--root-secret", "--topology", "--degree", "--introduce", "--introduce-as", "--introduce-open", "--introduce-token", "--json", "stdin")]
    [InlineData("send --help", "--hub", "--json", "<id|name>", "<text>", "receipt")]
    [InlineData("peers --help", "--hub", "--json", "<id|name>", "fingers")]
    [InlineData("explain --help", "--hub", "--no-channel", "--listen", "--degree", "--token", "--json", "<id|name>", "1 it is not")]
    [InlineData("trace --help", "--hub", "--json", "<id|name>", "trace id", "1 it was not")]
    [InlineData("top --help", "--hub", "--interval", "--once", "--sort", "--rate", "--members", "--json", "1 … 200", "4096", "uptime")]
    [InlineData("expose --help", "<url>", "--port", "--rewrite-host", "--hub", "--name", "--json", "tcp://HOST:PORT", "ws://localhost:5000")]
    [InlineData("forward --help", "<[address:]port>", "<host:port>", "--hub", "--json", "alice:22", "alice:http:80")]
    [InlineData("proxy --help", "--port", "--bind", "--hub", "--json", "8080", "overlay.localhost")]
    public async Task Help_tells_options_defaults_and_meaning(string line, params string[] mentions)
    {
        var ended = await RunAsync(line.Split(' '));

        Assert.Equal(0, ended.ExitCode);
        Assert.Empty(ended.Errors);
        Assert.All(mentions, mention => Assert.Contains(mention, ended.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_command_says_its_exit_codes()
    {
        foreach (var command in (string[])["demo", "hub", "node", "send", "peers", "explain", "trace", "top", "expose", "forward", "proxy"])
        {
            var ended = await RunAsync(command, "--help");

            Assert.Contains("Exit codes: 0", ended.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_version_is_told()
    {
        var ended = await RunAsync("--version");

        Assert.Equal(0, ended.ExitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+", ended.Output);
    }
}
