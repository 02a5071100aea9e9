using Overlay.Identity;

namespace Overlay.Messages;

// How two members get a connection for the application's channels; routed and signed:
//   a → ConnectionOffer → b;  b → ConnectionAnswer | ConnectionRefuse → a;  either → ConnectionCandidates → other
// The offer comes again until it is answered. With a higher generation it restarts ICE on the connection there is.

/// <summary><c>[nonce (bin 16), generation, description, certificate]</c>.</summary>
/// <param name="Nonce">Names the connection; its low 64 bits stand in the header of relayed datagrams.</param>
/// <param name="Generation">0, and one more with each restart of ICE.</param>
/// <param name="Description">The offerer's side.</param>
/// <param name="Certificate">The offerer's.</param>
public sealed record ConnectionOffer(UInt128 Nonce, byte Generation, LinkDescription Description, NodeCertificate Certificate) : Payload
{
    public override MessageKind Kind => MessageKind.ConnectionOffer;
}

/// <summary><c>[nonce, generation, description, certificate]</c>: both of the offer.</summary>
public sealed record ConnectionAnswer(UInt128 Nonce, byte Generation, LinkDescription Description, NodeCertificate Certificate) : Payload
{
    public override MessageKind Kind => MessageKind.ConnectionAnswer;
}

/// <summary><c>[nonce, [candidate…]]</c>: late candidates of either side, batched.</summary>
public sealed record ConnectionCandidates(UInt128 Nonce, IReadOnlyList<string> Lines) : Payload
{
    public override MessageKind Kind => MessageKind.ConnectionCandidates;
}

/// <summary><c>[nonce, reason]</c>.</summary>
public sealed record ConnectionRefuse(UInt128 Nonce, LinkFailure Reason) : Payload
{
    public override MessageKind Kind => MessageKind.ConnectionRefuse;
}
