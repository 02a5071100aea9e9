using Overlay.Messages;
using Overlay.Ring;
using Overlay.Wire;

namespace Overlay.Tests.Messages;

/// <summary>A million mutated messages: none throws, none makes the reader allocate more than it sent.</summary>
public sealed class MessageFuzzTests
{
    private const int Inputs = 1_000_000;
    private const int FreeBytes = 64 * 1024;
    private const int BytesPerByte = 4;

    /// <summary>Heads of lengths and types that do the most harm where they are believed.</summary>
    private static readonly byte[][] Poison =
    [
        [0xDD, 0xFF, 0xFF, 0xFF, 0xFF], [0xDD, 0x7F, 0xFF, 0xFF, 0xFF], [0xDC, 0xFF, 0xFF], [0xC6, 0xFF, 0xFF, 0xFF, 0xFF], [0xDB, 0x7F, 0xFF, 0xFF, 0xFF],
        [0xDF, 0, 0, 0, 1], [0xC9, 0xFF, 0xFF, 0xFF, 0xFF], [0x9F], [0x91, 0x91, 0x91, 0x91, 0x91, 0x91], [0xCF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        [0xD3, 0x80, 0, 0, 0, 0, 0, 0, 0], [0xC0], [0xC1], [0xC4, 0], [0xA0], [0x90],
    ];

    [Fact]
    public void A_million_mutated_messages_neither_throw_nor_over_allocate()
    {
        var corpus = Corpus();
        var prng = new Prng(1);
        var buffer = new byte[16 * 1024];
        var forwarded = new byte[buffer.Length + EnvelopeHeader.MaxBytes + 16];
        var reuse = new EncodedBody();
        var (read, opened, worst) = (0, 0, 0L);

        for (var i = 0; i < Inputs; i++)
        {
            var length = Mutate(ref prng, corpus, buffer);
            var input = buffer.AsMemory(0, length);
            var before = GC.GetAllocatedBytesForCurrentThread();
            if (MessageCodec.TryRead(input, reuse, out var message))
            {
                read++;
                opened += MessageCodec.TryOpen(message, out _, out _) ? 1 : 0;
                Forward(input.Span, forwarded);
            }

            SkipAll(input.Span);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            worst = Math.Max(worst, allocated - (BytesPerByte * (long)length));
        }

        Assert.True(worst <= FreeBytes, $"{worst} bytes beyond {BytesPerByte} for each that came");
        Assert.InRange(read, Inputs / 10, Inputs * 9 / 10); // Mutations that all pass, or never pass the envelope, would try nothing.
        Assert.InRange(opened, Inputs / 20, Inputs * 9 / 10);
    }

    private static List<byte[]> Corpus()
    {
        var corpus = new List<byte[]>();
        foreach (var payload in Samples.All)
        {
            var message = Samples.Around(payload);
            var bytes = MessageCodec.Encode(message);
            if (bytes.Length <= 2048)
            {
                corpus.Add(bytes);
            }
        }

        corpus.Add(MessageCodec.Encode(Samples.Around(new SealedData(Samples.Bytes(120)))));
        corpus.Add(MessageCodec.Encode(Samples.Around(new Ping(1)) with
        {
            Flags = MessageFlags.RecordRoute,
            Route = [RingId.From(1), RingId.From(2)],
            HasDestinationVia = true,
            HopContext = Samples.Trace,
        }));
        corpus.Add(MessageCodec.Encode(Samples.Around(new TraceRoute(1)) with { Flags = MessageFlags.RecordRoute, Route = [RingId.From(1)], Trail = Samples.Trail }));
        return corpus;
    }

    private static int Mutate(ref Prng prng, List<byte[]> corpus, Span<byte> buffer)
    {
        var source = corpus[prng.Next(corpus.Count)];
        source.CopyTo(buffer);
        var length = source.Length;
        for (var left = 1 + prng.Next(3); left > 0; left--)
        {
            var at = prng.Next(Math.Max(1, length));
            switch (prng.Next(8))
            {
                case 0 or 1: // one bit
                    buffer[at] ^= (byte)(1 << prng.Next(8));
                    break;
                case 2 or 3: // one byte
                    buffer[at] = (byte)prng.Next();
                    break;
                case 4: // poison over what was there
                    var poison = Poison[prng.Next(Poison.Length)];
                    poison.CopyTo(buffer[at..]);
                    length = Math.Max(length, at + poison.Length);
                    break;
                case 5: // shortened
                    length = at;
                    break;
                case 6: // a piece of another message in its place
                    var other = corpus[prng.Next(corpus.Count)];
                    var piece = other.AsSpan(prng.Next(other.Length));
                    piece = piece[..Math.Min(piece.Length, 1 + prng.Next(64))];
                    piece.CopyTo(buffer[at..]);
                    length = Math.Max(length, at + piece.Length);
                    break;
                default: // a gap
                    buffer[at..length].CopyTo(buffer[(at + 4)..]);
                    length += 4;
                    break;
            }
        }

        return length;
    }

    private static void Forward(ReadOnlySpan<byte> input, Span<byte> destination)
    {
        Assert.True(EnvelopeHeader.TryRead(input, out var header));
        header.HopsLeft -= header.HopsLeft > 0 ? (byte)1 : (byte)0;
        var length = header.Forward(input, RingId.From(7), destination);
        Assert.True(length > 0 && EnvelopeHeader.TryRead(destination[..length], out var again) && again.BodyBytes == header.BodyBytes);
    }

    private static void SkipAll(ReadOnlySpan<byte> input)
    {
        var reader = new MessagePackReader(input);
        while (!reader.Failed && reader.Remaining > 0)
        {
            reader.Skip();
        }
    }
}
