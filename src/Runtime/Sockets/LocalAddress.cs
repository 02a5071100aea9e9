using System.Net;
using System.Net.NetworkInformation;

namespace Overlay.Runtime.Sockets;

/// <summary>Which address of this machine to bind, said by its subnet.</summary>
public static class LocalAddress
{
    /// <summary>An address as it is, or the first one of this machine in a subnet such as <c>10.0.0.0/8</c>, loopback included.</summary>
    /// <exception cref="FormatException">Neither an address nor a subnet.</exception>
    /// <exception cref="OverlayException">No card of this machine has an address in the subnet; the message names those there are.</exception>
    public static IPAddress Parse(string addressOrSubnet)
    {
        ArgumentNullException.ThrowIfNull(addressOrSubnet);
        return IPAddress.TryParse(addressOrSubnet, out var address) ? address : Within(IPNetwork.Parse(addressOrSubnet));
    }

    /// <summary>Whether a text is an address or a subnet; whether this machine has it is another question.</summary>
    public static bool IsWellFormed(string addressOrSubnet) => IPAddress.TryParse(addressOrSubnet, out _) || IPNetwork.TryParse(addressOrSubnet, out _);

    /// <summary>The first address of this machine in <paramref name="subnet"/>, loopback included.</summary>
    /// <exception cref="OverlayException">There is none; the message names those there are.</exception>
    public static IPAddress Within(IPNetwork subnet)
    {
        var found = new List<IPAddress>();
        foreach (var card in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (card.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown))
            {
                continue;
            }

            foreach (var unicast in card.GetIPProperties().UnicastAddresses)
            {
                if (subnet.Contains(unicast.Address))
                {
                    return unicast.Address;
                }

                found.Add(unicast.Address);
            }
        }

        throw new OverlayException(
            OverlayError.SocketUnavailable,
            $"No address of this machine is in {subnet}. It has {string.Join(", ", found)}. Choose one of these, or a subnet that holds one.");
    }
}
