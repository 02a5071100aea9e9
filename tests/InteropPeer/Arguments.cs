using System.Diagnostics.CodeAnalysis;
using Overlay.WebRtc.Peer;

namespace Overlay.InteropPeer;

/// <summary>The command line: options first, the role last.</summary>
internal sealed record Arguments(PeerRole Role, bool UseLoopback)
{
    public const string Usage = """
        usage: InteropPeer [--loopback] offerer|answerer

        A WebRTC data-channel peer for other programs to test against. One JSON object a line on stdin and stdout.
          offerer     makes the channel "echo" and offers at once
          answerer    waits for an offer
          --loopback  loopback addresses become candidates too
        """;

    public static bool TryParse(string[] args, [NotNullWhen(true)] out Arguments? arguments, out string error)
    {
        arguments = null;
        error = "";
        var useLoopback = false;
        foreach (var option in args.AsSpan(0, Math.Max(0, args.Length - 1)))
        {
            if (option != "--loopback")
            {
                error = $"unknown option '{option}'";
                return false;
            }

            useLoopback = true;
        }

        PeerRole? role = args is [.., var last]
            ? last switch { "offerer" => PeerRole.Offerer, "answerer" => PeerRole.Answerer, _ => null }
            : null;
        if (role is null)
        {
            error = "the last argument is the role: offerer or answerer";
            return false;
        }

        arguments = new Arguments(role.Value, useLoopback);
        return true;
    }
}
