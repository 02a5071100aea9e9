namespace Overlay.Simulator.Scenarios.Reading;

/// <summary>Section <c>network</c>.</summary>
internal static class NetworkShapes
{
    private static readonly NumberShape Share = new(0, 1);
    private static readonly DurationShape OneWay = new(TimeSpan.Zero, TimeSpan.FromMinutes(1));

    private static readonly ObjectShape<DelaySpec> Delay = new ObjectShape<DelaySpec>("delay", new())
        .AddDeciding("model", "How a one-way delay is found.", delay => delay.Law, (delay, law) => delay with { Law = law }, isRequired: false)
        .AddValue("oneWay", OneWay, "constant: the delay; logNormal: its median.", delay => delay.OneWay, (delay, value) => delay with { OneWay = value }, kinds: ["constant", "logNormal"])
        .AddValue("from", OneWay, "The shortest delay.", delay => delay.From, (delay, value) => delay with { From = value }, kinds: ["uniform"])
        .AddValue("to", OneWay, "The longest delay.", delay => delay.To, (delay, value) => delay with { To = value }, kinds: ["uniform"])
        .AddValue("scale", new NumberShape(0.01, 100), "The factor on all delays; 1: a median round trip of about 140 ms.", delay => delay.Scale, (delay, value) => delay with { Scale = value }, kinds: ["plane"])
        .AddValue("jitter", Share, "The share of a delay by which it varies up and down from packet to packet.", delay => delay.Jitter, (delay, value) => delay with { Jitter = value }, kinds: ["plane"])
        .AddValue("sigma", new NumberShape(0, 3), "The deviation of the delay's logarithm.", delay => delay.Sigma, (delay, value) => delay with { Sigma = value }, kinds: ["logNormal"])
        .Add("file", new FileShape("a file of measured round trips"), "A file of measured round trips; nodes are spread over its rows.", delay => delay.File, (delay, value) => delay with { File = value }, isRequired: true, "matrix")
        .Then((delay, part, findings) =>
        {
            if (delay.Law == DelayLaw.Uniform && delay.From > delay.To)
            {
                findings.Add(part.At("from"), ScenarioReason.Impossible, $"is longer than 'to', {Durations.Format(delay.To)}");
            }

            return delay;
        });

    private static readonly ObjectShape<SetUpSpec> SetUp = new ObjectShape<SetUpSpec>("setUp", new())
        .AddValue("roundTrips", new NumberShape(0, 50), "Round trips of ICE, DTLS, SCTP and the proof of identity, one after the other.", setUp => setUp.RoundTrips, (setUp, value) => setUp with { RoundTrips = value })
        .AddValue("failure", Share, "The share of set-ups that fail and say so.", setUp => setUp.Failure, (setUp, value) => setUp with { Failure = value })
        .AddValue("silentFailure", Share, "The share of set-ups that only the deadline ends.", setUp => setUp.SilentFailure, (setUp, value) => setUp with { SilentFailure = value })
        .AddValue("bytes", new WholeShape<int>(0, 1_000_000), "Bytes that one set-up costs both sides together.", setUp => setUp.Bytes, (setUp, value) => setUp with { Bytes = value })
        .Then((setUp, part, findings) =>
        {
            if (setUp.Failure + setUp.SilentFailure > 1)
            {
                findings.Add(part.At("silentFailure"), ScenarioReason.Impossible, "'failure' and 'silentFailure' together are more than 1");
            }

            return setUp;
        });

    private static readonly ObjectShape<NatSpec> Nat = new ObjectShape<NatSpec>("nat", new())
        .AddValue("open", Share, "The share of nodes that everybody can reach.", nat => nat.Open, (nat, value) => nat with { Open = value })
        .AddValue("cone", Share, "The share of nodes behind a NAT with one outside address for all peers.", nat => nat.Cone, (nat, value) => nat with { Cone = value })
        .AddValue("symmetric", Share, "The share of nodes behind a NAT with another outside port for each peer.", nat => nat.Symmetric, (nat, value) => nat with { Symmetric = value })
        .AddValue("udpBlocked", Share, "The share of nodes that get no UDP out at all.", nat => nat.UdpBlocked, (nat, value) => nat with { UdpBlocked = value })
        .Then((nat, part, findings) =>
        {
            var sum = nat.Open + nat.Cone + nat.Symmetric + nat.UdpBlocked;
            if (Math.Abs(sum - 1) > 1e-6)
            {
                findings.Add(part, ScenarioReason.Impossible, FormattableString.Invariant($"open, cone, symmetric and udpBlocked together must be 1, not {sum:0.######}"));
            }

            return nat;
        });

    public static ObjectShape<NetworkSpec> Network { get; } = new ObjectShape<NetworkSpec>("network", new())
        .Add("delay", Delay, "How long a packet travels.", network => network.Delay, (network, value) => network with { Delay = value })
        .AddValue("loss", new NumberShape(0, 1, belowMax: true), "The share of packets lost. On a link a loss costs a retransmission, never a hole.", network => network.Loss, (network, value) => network with { Loss = value })
        .AddValue("duplication", Share, "The share of packets that arrive twice.", network => network.Duplication, (network, value) => network with { Duplication = value })
        .AddValue("reordering", Share, "The share of packets that later ones overtake.", network => network.Reordering, (network, value) => network with { Reordering = value })
        .AddOptional("upBytesPerSecond", Bandwidth(), "What a node can send. Without it: no limit.", network => network.UpBytesPerSecond, (network, value) => network with { UpBytesPerSecond = value })
        .AddOptional("downBytesPerSecond", Bandwidth(), "What a node can receive. Without it: no limit.", network => network.DownBytesPerSecond, (network, value) => network with { DownBytesPerSecond = value })
        .Add("setUp", SetUp, "What a link costs before it carries anything; its signalling is simulated and not part of this.", network => network.SetUp, (network, value) => network with { SetUp = value })
        .Add("nat", Nat, "The kinds of NAT that nodes sit behind, as shares. Without it: every node can be reached.", network => network.Nat, (network, value) => network with { Nat = value });

    private static NumberShape Bandwidth() => new(1000, 1e12);
}
