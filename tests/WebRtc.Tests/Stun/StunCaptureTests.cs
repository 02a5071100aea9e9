using System.Text;
using Overlay.WebRtc.Stun;

namespace Overlay.WebRtc.Tests.Stun;

/// <summary>Datagrams taken from the wire between this stack and real peers, with the passwords of those connections.</summary>
public sealed class StunCaptureTests
{
    [Fact]
    public void A_check_of_Chromium_as_controlling_side_is_read()
    {
        var bytes = Convert.FromHexString(
            "000100542112a4422b47305661726b4d51556a640006000d6e37416478697a683a6e336a62000000c0570004000003e7802a0008f66a561cc65849c7"
            + "00250000002400046e001eff00080014e29907637995fdd24a6f3ea85b650c3860e75ec080280004c32f657d");

        Assert.True(StunMessage.TryRead(bytes, out var message));

        Assert.Equal(StunClass.Request, message.Class);
        Assert.Equal("n7Adxizh:n3jb", Encoding.ASCII.GetString(message.Username));
        Assert.Equal(0xF66A561CC65849C7, message.IceControlling);
        Assert.True(message.UseCandidate); // Aggressive: in every check.
        Assert.Equal(0x6E001EFFu, message.Priority);
        Assert.Equal(0, message.UnknownRequiredCount); // GOOG-NETWORK-INFO may be skipped.
        Assert.True(message.HasFingerprint);
        Assert.True(message.VerifyIntegrity("ab42m4wmcYSe0Wrs1++Fpwpn"u8));
    }

    [Fact]
    public void An_answer_of_Chromium_is_read()
    {
        var bytes = Convert.FromHexString(
            "0101002c2112a442eb1e0a4eb2dd6301f1e7552c002000080001ab19e112a640"
            + "0008001408643d13aaef93bb0dd9253d5f681b7911dbeba08028000441229a0b");

        Assert.True(StunMessage.TryRead(bytes, out var message));

        Assert.Equal(TransportAddress.Parse("192.0.2.2:35339"), message.XorMappedAddress);
        Assert.True(message.VerifyIntegrity("CtE/vUEZkZUS/cJpuTc626tJ"u8));
    }

    [Theory]
    [InlineData(
        "000100542112a44219944fcc2243658d633cc18a002400046e0fffff802a0008045817178c08b61f802200086c69626a756963650006000d"
        + "67436f74364a2f533a366437420000000008001423a4b1e5142da487e35176269298dacb26b455028028000457ce86f8",
        "29IEV3kw/rY5oc5pB4MrT2K6", true)]
    [InlineData(
        "000100542112a44249320c8bc9f20b9631b1f17d002400046e0fffff8029000876bb0169079249f7802200086c69626a756963650006000d"
        + "765836544d7159593a765a416a00000000080014d7b8d246e74e894d170c894dd73a1a8607856360802800047080fb7b",
        "cNOoKgtr72Kdnj2aOn3KgUXi", false)]
    public void A_check_of_libjuice_is_read_in_both_roles(string hex, string password, bool controlling)
    {
        Assert.True(StunMessage.TryRead(Convert.FromHexString(hex), out var message));

        Assert.Equal(controlling, message.IceControlling is not null);
        Assert.Equal(!controlling, message.IceControlled is not null);
        Assert.False(message.UseCandidate);
        Assert.Equal("libjuice", Encoding.ASCII.GetString(message.Software));
        Assert.True(message.VerifyIntegrity(Encoding.ASCII.GetBytes(password)));
    }

    [Fact]
    public void An_answer_of_libjuice_is_read()
    {
        var bytes = Convert.FromHexString(
            "010100382112a442eecedcceaaada0be6a9b8c7c002000080001a883e112a640802200086c69626a75696365"
            + "000800143ad4763a6dfd79b838ef85fc17189dc4882f574e80280004971371e6");

        Assert.True(StunMessage.TryRead(bytes, out var message));

        Assert.Equal(TransportAddress.Parse("192.0.2.2:35217"), message.XorMappedAddress);
        Assert.True(message.VerifyIntegrity("HwDWIZEp+nATGuM5Z6NWaK"u8));
    }
}
