using Overlay.Ring;

namespace Overlay.Identity;

/// <summary>What messages say of a node: its id, its newest instance and the hash of its certificate.</summary>
/// <remarks>
/// A descriptor never enters a table by itself: it is first resolved to a <see cref="Contact"/>, which needs the verified certificate.
/// </remarks>
/// <param name="Id">The node's position.</param>
/// <param name="Instance">Grows with each start of the node; the newest instance of a key wins (Unix milliseconds at start, or stored + 1).</param>
/// <param name="Certificate">The certificate's hash.</param>
public readonly record struct Descriptor(RingId Id, long Instance, CertificateHash Certificate);
