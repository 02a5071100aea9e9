namespace Overlay.WebRtc.Ice;

/// <summary>User name fragment and password of one agent for one generation (RFC 8445 §5.3).</summary>
/// <remarks>Invariant: both are made of ice-chars and within the lengths of RFC 8839 §5.4.</remarks>
public sealed record IceCredentials
{
    /// <summary>Characters of a fragment we make: 48 bits, since a host also tells connections apart by it.</summary>
    public const int OwnUfragLength = 8;

    /// <summary>Characters of a password we make: 144 bits, above the 128 that RFC 8445 §5.3 asks for.</summary>
    public const int OwnPasswordLength = 24;

    private const int MinUfragLength = 4;
    private const int MinPasswordLength = 22;
    private const int MaxLength = 256;

    /// <summary>ice-char of RFC 8839 §5.1: 64 characters, so six random bits choose one evenly.</summary>
    private const string IceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    private IceCredentials(string ufrag, string password) => (Ufrag, Password) = (ufrag, password);

    /// <summary>The user name fragment: 4 … 256 ice-chars.</summary>
    public string Ufrag { get; }

    /// <summary>The password: 22 … 256 ice-chars. A secret between the two agents.</summary>
    public string Password { get; }

    /// <summary>Draws new credentials.</summary>
    public static IceCredentials Create(ISecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        return new IceCredentials(Draw(secrets, OwnUfragLength), Draw(secrets, OwnPasswordLength));
    }

    /// <summary>Takes credentials from the other side. False when they are too short, too long or hold other characters.</summary>
    public static bool TryCreate(string? ufrag, string? password, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IceCredentials? credentials)
    {
        var isValid = AreIceChars(ufrag, MinUfragLength) && AreIceChars(password, MinPasswordLength);
        credentials = isValid ? new IceCredentials(ufrag!, password!) : null;
        return isValid;
    }

    /// <summary>Names the fragment only: a password does not belong in a log.</summary>
    public override string ToString() => Ufrag;

    internal static bool IsIceChar(char value) => char.IsAsciiLetterOrDigit(value) || value is '+' or '/';

    private static bool AreIceChars(string? text, int minLength)
    {
        if (text is null || text.Length < minLength || text.Length > MaxLength)
        {
            return false;
        }

        foreach (var value in text)
        {
            // Some agents write base64url or padding; the fragment is compared byte by byte, so they do no harm.
            if (!IsIceChar(value) && value is not ('-' or '_' or '=' or '.' or '~'))
            {
                return false;
            }
        }

        return true;
    }

    private static string Draw(ISecrets secrets, int length)
    {
        Span<byte> bytes = stackalloc byte[length];
        Span<char> chars = stackalloc char[length];
        secrets.Fill(bytes);
        for (var index = 0; index < length; index++)
        {
            chars[index] = IceChars[bytes[index] & 63];
        }

        return new string(chars);
    }
}
