namespace Overlay.Cli.Tests;

/// <summary>Command lines that cannot mean anything: exit code 2, what is wrong, and where help is; nothing is started.</summary>
public sealed class BadArgumentsTests : CommandTest
{
    [Theory]
    [InlineData("demo --nodes 0", "--nodes", "0", "12 … 256")]
    [InlineData("demo --nodes 11", "--nodes", "11", "12 … 256")]
    [InlineData("demo --nodes 257", "--nodes", "257", "12 … 256")]
    [InlineData("demo --nodes -1", "--nodes", "-1", "12 … 256")]
    [InlineData("demo --nodes 99999999999999999999", "--nodes", "99999999999999999999", "12 … 256")]
    [InlineData("demo --nodes many", "--nodes", "many", "12 … 256")]
    [InlineData("demo --nodes", "--nodes")]
    [InlineData("demo --status 8090", "--status", "8090", ":PORT")]
    [InlineData("demo --status --duration soon", "--duration", "soon", "30s")]
    [InlineData("demo --duration 10s", "--duration", "--status")]
    [InlineData("hub --status", "--status")]
    [InlineData("hub --status example.com:8090", "--status", "example.com:8090", "ADDRESS:PORT")]
    [InlineData("node --hub ws://localhost:5000 --status :70000", "--status", ":70000", ":PORT")]
    [InlineData("demo --messages 0", "--messages", "0", "1 … 1000000")]
    [InlineData("demo --messages -5", "--messages", "-5", "1 … 1000000")]
    [InlineData("demo --messages 1000001", "--messages", "1000001", "1 … 1000000")]
    [InlineData("demo --seed -1", "--seed", "-1")]
    [InlineData("demo --seed x", "--seed", "x")]
    [InlineData("demo --topology star", "--topology", "star", "ring or tree")]
    [InlineData("demo --frobnicate", "--frobnicate")]
    [InlineData("hub --port -1", "--port", "-1", "0 … 65535")]
    [InlineData("hub --port 65536", "--port", "65536", "0 … 65535")]
    [InlineData("hub --port http", "--port", "http", "0 … 65535")]
    [InlineData("hub --stun-port 70000", "--stun-port", "70000", "0 … 65535")]
    [InlineData("hub --listen localhost", "--listen", "localhost", "IP address")]
    [InlineData("hub --listen 10.0.0.0/40", "--listen", "10.0.0.0/40", "subnet")]
    [InlineData("hub --listen 203.0.113.0/24 --port 0", "203.0.113.0/24", "Choose")]
    [InlineData("hub --listen 0.0.0.0 --port 0", "--open", "token")]
    [InlineData("node", "--hub")]
    [InlineData("node --hub localhost:5000", "--hub", "localhost:5000", "ws://HOST:PORT")]
    [InlineData("node --hub http://localhost:5000", "--hub", "http://localhost:5000", "ws://HOST:PORT")]
    [InlineData("node --hub ws://localhost:5000 --name a/b", "--name", "a/b", "63 letters")]
    [InlineData("node --hub ws://localhost:5000 --name 0123456789ab", "--name", "0123456789ab", "hexadecimal")]
    [InlineData("node --hub ws://localhost:5000 --port 65536", "--port", "65536", "0 … 65535")]
    [InlineData("node --hub ws://localhost:5000 --listen here", "--listen", "here", "IP address")]
    [InlineData("node --hub ws://localhost:5000 --timeout 5", "--timeout", "'5'", "30s")]
    [InlineData("node --hub ws://localhost:5000 --timeout 0s", "--timeout", "'0s'", "30s")]
    [InlineData("node --hub ws://localhost:5000 --timeout -1s", "--timeout", "30s")]
    [InlineData("node --hub ws://localhost:5000 --timeout 25h", "--timeout", "24h")]
    [InlineData("node --hub ws://localhost:5000 --introduce here", "--introduce", "'here'", "ADDRESS:PORT")]
    [InlineData("node --hub ws://localhost:5000 --introduce :0", "--introduce", "1 … 65535")]
    [InlineData("node --hub ws://localhost:5000 --introduce :65536", "--introduce", "1 … 65535")]
    [InlineData("node --hub ws://localhost:5000 --introduce 0.0.0.0:5001", "--introduce-open", "--introduce-token")]
    [InlineData("node --hub ws://localhost:5000 --introduce 192.0.2.1:5001 --introduce-open --introduce-token x", "exclude each other")]
    [InlineData("node --hub ws://localhost:5000 --introduce :5001 --introduce-as http://a", "--introduce-as", "ws://HOST:PORT")]
    [InlineData("node --hub ws://localhost:5000 --introduce-as ws://a:5001", "--introduce-as", "say where")]
    [InlineData("node --hub ws://localhost:5000 --introduce-open", "--introduce-open", "say where")]
    [InlineData("send --hub ws://localhost:5000", "id|name")]
    [InlineData("send --hub ws://localhost:5000 alice", "text")]
    [InlineData("send --hub ws://localhost:5000 alice hello again", "again")]
    [InlineData("send --hub ws://localhost:5000 a/b hello", "a/b", "12 hexadecimal digits")]
    [InlineData("send --hub ws://localhost:5000 !!!!!!!!!!!! hello", "!!!!!!!!!!!!", "12 hexadecimal digits")]
    [InlineData("explain --hub ws://localhost:5000", "id|name")]
    [InlineData("explain --hub ws://localhost:5000 a,b", "a,b", "12 hexadecimal digits")]
    [InlineData("explain alice", "--hub")]
    [InlineData("explain --hub ws://localhost:5000 alice --degree 1", "--degree", "2 … 64")]
    [InlineData("trace --hub ws://localhost:5000", "id|name")]
    [InlineData("trace --hub ws://localhost:5000 a,b", "a,b", "12 hexadecimal digits")]
    [InlineData("top", "--hub")]
    [InlineData("top --hub ws://localhost:5000 --interval 1ms", "--interval", "1ms", "500ms … 1h")]
    [InlineData("top --hub ws://localhost:5000 --sort colour", "--sort", "colour", "links")]
    [InlineData("top --hub ws://localhost:5000 --rate 201", "--rate", "201", "1 … 200")]
    [InlineData("top --hub ws://localhost:5000 --members 0", "--members", "0", "1 … 100000")]
    [InlineData("peers --hub ws://localhost:5000", "id|name")]
    [InlineData("peers --hub ws://localhost:5000 a,b", "a,b", "12 hexadecimal digits")]
    [InlineData("peers abc", "--hub")]
    [InlineData("expose", "<url>", "missing")]
    [InlineData("expose localhost:3000", "'localhost:3000'", "http://HOST:PORT")]
    [InlineData("expose ftp://localhost", "'ftp://localhost'", "http://HOST:PORT")]
    [InlineData("expose tcp://localhost", "'tcp://localhost'", "tcp://HOST:PORT")]
    [InlineData("expose http://localhost:3000 --port 0", "--port", "'0'", "1 … 65535")]
    [InlineData("expose http://localhost:3000 --name a/b", "--name", "a/b", "63 letters")]
    [InlineData("forward", "missing")]
    [InlineData("forward 7000", "<host:port>", "missing")]
    [InlineData("forward 70000 alice:22", "'70000'", "ADDRESS:PORT")]
    [InlineData("forward localhost:7000 alice:22", "'localhost:7000'", "ADDRESS:PORT")]
    [InlineData("forward ::1 alice:22", "'::1'", "[IPV6]:PORT")]
    [InlineData("forward 7000 alice", "'alice'", "NAME:PORT")]
    [InlineData("forward 7000 a/b:22", "'a/b:22'", "NAME:PORT")]
    [InlineData("forward 7000 alice:", "'alice:'", "NAME:PORT")]
    [InlineData("proxy --port 65536", "--port", "65536", "0 … 65535")]
    [InlineData("proxy --bind here", "--bind", "'here'", "IP address")]
    [InlineData("proxy --hub http://localhost:5000", "--hub", "ws://HOST:PORT")]
    [InlineData("frobnicate", "frobnicate")]
    [InlineData("", "command")]
    public async Task Nonsense_is_named_and_ends_with_code_2(string line, params string[] mentions)
    {
        var arguments = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

        var ended = await RunAsync(arguments);

        AssertFailed(ended, 2, mentions);
        Assert.Empty(ended.Lines);
        Assert.Empty(Directory.EnumerateFileSystemEntries(State));
    }

    [Theory]
    [InlineData("demo --nodes 0 --json", "--nodes")]
    [InlineData("send --json --hub ws://localhost:5000 a/b hello", "a/b")]
    [InlineData("hub --json --listen 0.0.0.0 --port 0", "--open")]
    public async Task Under_json_the_error_is_an_object_too(string line, string mention)
    {
        var ended = await RunAsync(line.Split(' '));

        AssertFailed(ended, 2, mention);
        Assert.Equal("error", ended.OnlyJson.GetProperty("type").GetString());
        Assert.NotEqual("", ended.OnlyJson.GetProperty("reason").GetString());
    }
}
