using System.Diagnostics.CodeAnalysis;
using Overlay.WebRtc.Peer;

namespace Overlay.InteropPeer;

/// <summary>The command line: options first, the role last.</summary>
internal sealed record Arguments(PeerRole Role, bool UseLoopback, int? LostDatagram)
{
    public const string Usage = """
        usage: InteropPeer [--loopback] [--lose=N] offerer|answerer

        A WebRTC data-channel peer for other programs to test against. One JSON object a line on stdin and stdout.
          offerer     makes the channel "echo" and offers at once
          answerer    waits for an offer
          --loopback  loopback addresses become candidates too
          --lose=N    the N-th DTLS datagram of the connection, counted from 0 over both directions, gets lost
        """;

    public static bool TryParse(string[] args, [NotNullWhen(true)] out Arguments? arguments, out string error)
    {
        arguments = null;
        error = "";
        var useLoopback = false;
        int? lost = null;
        foreach (var option in args.AsSpan(0, Math.Max(0, args.Length - 1)))
        {
            if (option == "--loopback")
            {
                useLoopback = true;
            }
            else if (option.StartsWith("--lose=", StringComparison.Ordinal) && ushort.TryParse(option.AsSpan(7), out var number))
            {
                lost = number;
            }
            else
            {
                error = $"unknown option '{option}'";
                return false;
            }
        }

        PeerRole? role = args is [.., var last]
            ? last switch { "offerer" => PeerRole.Offerer, "answerer" => PeerRole.Answerer, _ => null }
            : null;
        if (role is null)
        {
            error = "the last argument is the role: offerer or answerer";
            return false;
        }

        arguments = new Arguments(role.Value, useLoopback, lost);
        return true;
    }
}
