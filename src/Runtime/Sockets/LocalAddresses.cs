using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Overlay.Runtime.Sockets;

/// <summary>The addresses of this machine that others may reach.</summary>
internal static class LocalAddresses
{
    /// <summary>Addresses of one machine that are worth a socket; more make set-ups slow and reach nobody new.</summary>
    public const int MaxAddresses = 8;

    /// <summary>Unicast addresses of the interfaces that are up; loopback only where asked for or where there is nothing else.</summary>
    public static IReadOnlyList<IPAddress> Enumerate(bool withLoopback)
    {
        var found = new List<IPAddress>();
        foreach (var card in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (card.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown)
                || card.NetworkInterfaceType == NetworkInterfaceType.Loopback)
            {
                continue;
            }

            foreach (var unicast in card.GetIPProperties().UnicastAddresses)
            {
                if (IsUsable(unicast.Address) && found.Count < MaxAddresses - 1 && !found.Contains(unicast.Address))
                {
                    found.Add(unicast.Address);
                }
            }
        }

        if (withLoopback || found.Count == 0)
        {
            found.Add(IPAddress.Loopback);
        }

        return found;
    }

    private static bool IsUsable(IPAddress address) =>
        address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6
        && !IPAddress.IsLoopback(address)
        && !address.IsIPv6LinkLocal
        && !address.IsIPv6Multicast
        && !address.Equals(IPAddress.Any)
        && !address.Equals(IPAddress.IPv6Any);
}
