using Overlay.WebRtc.Dtls;

namespace Overlay.WebRtc.Tests.Dtls;

public sealed class FingerprintTests
{
    [Fact]
    public void Text_and_bytes_go_round()
    {
        var bytes = new byte[Fingerprint.Length];
        new Prng(3).Fill(bytes);

        Assert.True(Fingerprint.TryFromBytes(bytes, out var fingerprint));
        Assert.True(Fingerprint.TryParse(fingerprint.ToString(), out var upper));
        Assert.True(Fingerprint.TryParse(fingerprint.ToString().ToLowerInvariant(), out var lower));
        var copied = new byte[Fingerprint.Length];
        lower.CopyTo(copied);

        Assert.Equal(fingerprint, upper);
        Assert.True(fingerprint.Matches(lower));
        Assert.Equal(bytes, copied);
    }

    [Theory]
    [InlineData("")]
    [InlineData("AA:BB")]
    [InlineData("AA-BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99")]
    [InlineData("AG:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99")]
    public void Text_that_is_not_a_fingerprint_is_refused(string text) => Assert.False(Fingerprint.TryParse(text, out _));

    [Fact]
    public void Each_certificate_has_its_own_fingerprint() =>
        Assert.NotEqual(DtlsPair.ClientCertificate.Fingerprint, DtlsPair.ServerCertificate.Fingerprint);

    [Fact]
    public void A_missing_library_is_a_typed_error_that_names_the_cure()
    {
        var missing = Assert.Throws<DtlsLibraryException>(() => LibSslLoader.Load("/nowhere/libssl.so.3"));

        Assert.Equal(DtlsFailure.LibraryMissing, missing.Reason);
        Assert.Contains("OVERLAY_LIBSSL", missing.Message, StringComparison.Ordinal);
        Assert.Contains("/nowhere/libssl.so.3", missing.Message, StringComparison.Ordinal);
    }
}
