using Overlay.Messages;

namespace Overlay.Runtime.Telemetry;

/// <summary>What a node sends its own messages for.</summary>
public enum Upkeep : byte
{
    /// <summary>What the application sends, receipts, broadcasts and peers' streams: not upkeep.</summary>
    Application,

    /// <summary>Hub sessions.</summary>
    Hub,

    /// <summary>Places and neighbours on a ring.</summary>
    Ring,

    /// <summary>Places and neighbours on a tree.</summary>
    Tree,

    /// <summary>Pings and link status.</summary>
    Liveness,

    /// <summary>Certificates.</summary>
    Identity,

    /// <summary>Set-ups of links and of channels' connections.</summary>
    Signalling,

    /// <summary>Names.</summary>
    Directory,

    /// <summary>Looking into other nodes.</summary>
    Inspection,
}

/// <summary>Says what each kind of message is for.</summary>
internal static class Upkeeps
{
    private static readonly Upkeep[] OfKind = Fill();

    public static Upkeep Of(MessageKind kind) => OfKind[(byte)kind];

    private static Upkeep[] Fill()
    {
        var all = new Upkeep[byte.MaxValue + 1];
        foreach (var kind in Enum.GetValues<MessageKind>())
        {
            all[(byte)kind] = kind switch
            {
                MessageKind.Proof => Upkeep.Signalling,
                MessageKind.LinkStatus or (>= MessageKind.Ping and <= MessageKind.ProbeFor) => Upkeep.Liveness,
                < MessageKind.FindOwner => Upkeep.Hub,
                < MessageKind.Ping => Upkeep.Ring,
                >= MessageKind.GetCertificates and <= MessageKind.Renewed => Upkeep.Identity,
                >= MessageKind.Offer and <= MessageKind.ConnectionRefuse => Upkeep.Signalling,
                >= MessageKind.PutRecord and <= MessageKind.NameChanged => Upkeep.Directory,
                MessageKind.GetState or MessageKind.State => Upkeep.Inspection,
                >= MessageKind.TreeJoin => Upkeep.Tree,
                _ => Upkeep.Application,
            };
        }

        return all;
    }
}
