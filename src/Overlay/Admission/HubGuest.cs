namespace Overlay.Admission;

/// <summary>A page at this hub, as far as the overlay is concerned.</summary>
internal sealed class HubGuest(uint address, HubAdmissionOptions options)
{
    public uint Address => address;

    /// <summary>Signals of it that wait for an answer from the overlay.</summary>
    public int Pending { get; set; }

    /// <summary>Names that it may register and look up. A field: the bucket is a mutable struct.</summary>
    public TokenBucket Names = new(options.NamesPerGuest);

    /// <summary>What it may send into the overlay. A field: the bucket is a mutable struct.</summary>
    public TokenBucket Outgoing = new(options.SignalsPerGuest);

    /// <summary>What it may be sent from there. A field: the bucket is a mutable struct.</summary>
    public TokenBucket Incoming = new(options.SignalsPerGuest);
}
