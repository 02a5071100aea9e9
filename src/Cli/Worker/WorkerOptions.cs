using Overlay.Cli.Introducing;
using Overlay.Nodes.Hosting.Configuration;
using Overlay.Status;

namespace Overlay.Cli.Worker;

/// <summary>What the worker <c>overlay node</c> has beside its node: section <c>Overlay:Worker</c>.</summary>
internal sealed class WorkerOptions
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>The section and its keys.</summary>
    public static OptionSection Section { get; } = new("Overlay:Worker", OptionKey.Of(typeof(WorkerOptions), new Dictionary<string, OptionFacts>(StringComparer.Ordinal)
    {
        ["ShutdownTimeout"] = new("00:00:01 … 00:10:00"),
        ["Status"] = new(":PORT, or ADDRESS:PORT"),
        ["Introduce:Listen"] = new(":PORT, ADDRESS:PORT or [IPV6]:PORT with a port in 1 … 65535"),
        ["Introduce:As"] = new("ws://HOST:PORT or wss://HOST:PORT, at most 256 characters"),
        ["Introduce:Tokens"] = new("texts", IsSecret: true),
    }));

    /// <summary>How long draining and leaving may take after a signal.</summary>
    /// <value>Default 30 s; 1 s … 10 min. Less than the service manager's own patience (systemd: <c>TimeoutStopSec=</c>, 90 s).</value>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Where the status page and the health of the node are served: <c>:8090</c> for this machine only, or an address and a port.</summary>
    /// <value>Default null: nowhere.</value>
    public string? Status { get; set; }

    /// <summary>Where the node introduces newcomers, and whom.</summary>
    public IntroduceSettings Introduce { get; set; } = new();

    /// <summary>Every reason why these options cannot work, each naming the key.</summary>
    public IEnumerable<string> Errors()
    {
        if (ShutdownTimeout < Shortest || ShutdownTimeout > Longest)
        {
            yield return $"ShutdownTimeout: {ShutdownTimeout} is not in {Shortest} … {Longest}.";
        }

        if (Status is not null && !StatusAddress.TryParse(Status, out _))
        {
            yield return $"Status: '{Status}' is no address to listen on. {StatusAddress.Form}";
        }

        foreach (var error in Introduce.Errors())
        {
            yield return $"Introduce.{error}";
        }
    }
}
