namespace Overlay.WebRtc.Stun;

/// <summary>A STUN server without state: tells each asker the address it was seen from (RFC 8489 §12).</summary>
/// <remarks>
/// Answers Binding requests only; without authentication, as public servers do. The answer is at most
/// <see cref="MaxAnswerLength"/> bytes, so a forged source address gains an attacker little.
/// </remarks>
public static class StunServer
{
    /// <summary>The longest answer in bytes: an error with eight unknown attributes and a fingerprint. An IPv4 address takes 40 at most.</summary>
    public const int MaxAnswerLength = 76;

    private const int UnknownAttributeCode = 420;

    /// <summary>
    /// Answers <paramref name="request"/>. False when there is nothing to say: no STUN, no Binding request, or no room.
    /// </summary>
    /// <param name="request">The datagram as it came.</param>
    /// <param name="from">Where it came from.</param>
    /// <param name="answer">Room for the answer, best <see cref="MaxAnswerLength"/> bytes.</param>
    /// <param name="length">Bytes of the answer.</param>
    public static bool TryAnswer(ReadOnlySpan<byte> request, TransportAddress from, Span<byte> answer, out int length)
    {
        length = 0;
        if (!StunMessage.TryRead(request, out var message) || message.Class != StunClass.Request || !message.IsBinding)
        {
            return false;
        }

        var isUnderstood = message.UnknownRequiredCount == 0;
        var header = message.Header with { Class = isUnderstood ? StunClass.Success : StunClass.Error };
        var writer = new StunWriter(answer, header);
        if (isUnderstood)
        {
            writer.AddXorMappedAddress(from);
        }
        else
        {
            writer.AddErrorCode(UnknownAttributeCode, "Unknown Attribute"u8);
            writer.AddUnknownAttributes(message.UnknownRequired);
        }

        if (message.HasFingerprint)
        {
            // RFC 8489 §6.3: who shows that it uses the fingerprint gets one back.
            writer.AddFingerprint();
        }

        length = writer.Finish();
        return length > 0;
    }
}
