using System.Text;
using Overlay.Ring;
using Overlay.Runtime.Pages;
using Overlay.WebRtc.Ice;

namespace Overlay.Runtime.Tests.Pages;

public sealed class PageSignalTests
{
    [Fact]
    public void Offers_and_answers_are_written_as_pages_read_them_and_read_as_pages_write_them()
    {
        var json = PageSignal.Write(PageSignalKind.Answer, "v=0\r\n");

        Assert.Equal("""{"type":"answer","sdp":{"type":"answer","sdp":"v=0\r\n"},"loopback":0}""", Encoding.UTF8.GetString(json));
        Assert.True(PageSignal.TryRead(json, out var signal));
        Assert.Equal(new PageSignal(PageSignalKind.Answer, "v=0\r\n", ""), signal);
    }

    [Theory]
    [InlineData("""{"type":"candidate","candidate":{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"},"loopback":0}""", "candidate:1", "abcd")]
    [InlineData("""{"type":"candidate","candidate":{"candidate":"candidate:1"}}""", "candidate:1", "")]
    [InlineData("""{"type":"candidate","candidate":null,"loopback":0}""", "", "")]
    public void Candidates_say_which_description_they_belong_to(string json, string text, string ufrag)
    {
        Assert.True(PageSignal.TryRead(Encoding.UTF8.GetBytes(json), out var signal));

        Assert.Equal(new PageSignal(PageSignalKind.Candidate, text, ufrag), signal);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"type":"offer"}""")]
    [InlineData("""{"type":"offer","sdp":"v=0"}""")]
    [InlineData("""{"type":"offer","sdp":{"type":"answer","sdp":"v=0"}}""")]
    [InlineData("""{"type":"offer","sdp":{"type":"offer","sdp":"v=0"},"loopback":1}""")]
    [InlineData("""{"type":"offer","sdp":{"type":"offer","sdp":"v=0"},"loopback":"0"}""")]
    [InlineData("""{"type":"offer","sdp":{"type":"offer","sdp":"\ud800"}}""")]
    [InlineData("""{"type":"candidate","candidate":"candidate:1"}""")]
    [InlineData("""{"type":"candidate","candidate":{"candidate":7}}""")]
    [InlineData("""[[[[[[[[[[1]]]]]]]]]]""")]
    [InlineData("""{"type":""")]
    public void Anything_else_is_no_signal(string json) => Assert.False(PageSignal.TryRead(Encoding.UTF8.GetBytes(json), out _));

    [Fact]
    public void Early_candidates_wait_for_their_description_within_bounds()
    {
        var early = new EarlyCandidates();
        for (var page = 1; page <= EarlyCandidates.MaxPages + 1; page++)
        {
            for (var port = 1; port <= EarlyCandidates.MaxCandidates + 1; port++)
            {
                early.Add(RingId.From((ulong)page), port % 2 == 0 ? "even" : "", Host(port));
            }
        }

        Assert.Empty(early.Take(RingId.From(1), "even")); // The oldest page made room.
        Assert.Equal(EarlyCandidates.MaxCandidates, early.Take(RingId.From(2), "even").Count); // The first candidate made room.
        Assert.Equal(EarlyCandidates.MaxCandidates / 2, early.Take(RingId.From(3), "odd").Count);
        Assert.Empty(early.Take(RingId.From(3), "even")); // Taken, or of a description that is not there any more.
    }

    private static Candidate Host(int port)
    {
        Assert.True(Candidate.TryParse($"candidate:1 1 udp 1 192.0.2.1 {port} typ host", out var candidate));
        return candidate;
    }
}
