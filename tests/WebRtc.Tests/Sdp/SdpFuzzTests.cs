using Overlay.WebRtc.Sdp;

namespace Overlay.WebRtc.Tests.Sdp;

public sealed class SdpFuzzTests
{
    [Fact]
    public void Two_hundred_thousand_mutated_texts_neither_throw_nor_over_allocate()
    {
        var prng = new Prng(2026);
        string[] seeds = [SdpSamples.ChromiumOffer, SdpSamples.LibdatachannelAnswer, SdpSamples.AudioVideoAndDataOffer];
        var acceptedCount = 0;
        for (var round = 0; round < 200_000; round++)
        {
            var text = Mutate(ref prng, seeds);
            var before = GC.GetAllocatedBytesForCurrentThread();

            var isRead = SessionDescription.TryParse(text, out var description, out var error);

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= (4 * sizeof(char) * text.Length) + 65_536, $"round {round}: {allocated} bytes for {text.Length} characters");
            Assert.Equal(isRead, error.Length == 0);
            acceptedCount += isRead ? 1 : 0;
            if (isRead && round % 20 == 0)
            {
                CheckRoundTrip(description!);
            }
        }

        Assert.InRange(acceptedCount, 10_000, 190_000);
    }

    /// <summary>Whatever was accepted can be written and is accepted again with the same meaning.</summary>
    private static void CheckRoundTrip(SessionDescription description)
    {
        var text = description.ToString();

        Assert.True(SessionDescription.TryParse(text, out var again, out var error), $"{error}\n{text}");
        Assert.Equal(text, again.ToString());
    }

    private static string Mutate(ref Prng prng, string[] seeds)
    {
        const string alphabet = "amoc=: 0123456789abcdefABCDEF\r\n\0\u00e9\u2028/-+.";
        var lines = new List<string>(seeds[prng.NextInt32(seeds.Length)].Split("\r\n"));
        for (var change = prng.NextInt32(3); change > 0; change--)
        {
            var at = prng.NextInt32(lines.Count);
            switch (prng.NextInt32(4))
            {
                case 0:
                    lines.RemoveAt(at);
                    lines.Add("");
                    break;
                case 1:
                    lines.Insert(prng.NextInt32(lines.Count), lines[at]);
                    break;
                case 2:
                    lines[at] += new string(alphabet[prng.NextInt32(alphabet.Length)], prng.NextInt32(600));
                    break;
                default:
                    var other = seeds[prng.NextInt32(seeds.Length)].Split("\r\n");
                    lines[at] = other[prng.NextInt32(other.Length)];
                    break;
            }
        }

        var text = string.Join(prng.NextChance(1, 2) ? "\r\n" : "\n", lines).ToCharArray();
        for (var change = prng.NextInt32(3); change > 0; change--)
        {
            text[prng.NextInt32(text.Length)] = alphabet[prng.NextInt32(alphabet.Length)];
        }

        return new string(text);
    }
}
