using System.Diagnostics;
using Overlay.WebRtc.Sctp;

namespace Overlay.WebRtc.Tests.Sctp;

/// <summary>What the data path costs. The figures are printed; only what does not depend on the machine is asserted.</summary>
public sealed class DataPathTests
{
    [Theory]
    [InlineData(1_024)]
    [InlineData(65_536)]
    public void Moving_messages_allocates_nothing_once_warm(int messageBytes)
    {
        var pipe = new Pipe();
        pipe.Move(bytes: 64 << 20, messageBytes);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.GetTimestamp();
        pipe.Move(bytes: 64 << 20, messageBytes);
        var elapsed = Stopwatch.GetElapsedTime(watch);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        var rate = 64 * 1.048576 / elapsed.TotalSeconds;
        TestContext.Current.TestOutputHelper?.WriteLine($"{messageBytes} B: {rate:0} MB/s on one core, both ends; {allocated} B allocated");
        Assert.InRange(allocated, 0, 4096);
    }

    /// <summary>Two associations and nothing between them; packets cross in batches, as a host that drains its socket would see them.</summary>
    private sealed class Pipe
    {
        private readonly Association _sender = new(new SctpOptions(), new SeededSecrets(1));
        private readonly Association _receiver = new(new SctpOptions(), new SeededSecrets(2));
        private readonly byte[] _buffer = new byte[1500];
        private readonly byte[] _payload = new byte[262_144];
        private Instant _now = new(TimeSpan.TicksPerSecond);

        public Pipe()
        {
            _sender.StartFromExchanged(_now, _receiver.LocalInit);
            _receiver.StartFromExchanged(_now, _sender.LocalInit);
            Assert.True(_sender.TryGetEvent(out _));
            Assert.True(_receiver.TryGetEvent(out _));
        }

        public void Move(long bytes, int messageBytes)
        {
            long received = 0;
            long sent = 0;
            while (received < bytes)
            {
                while (sent < bytes && _sender.TotalBufferedAmount < 1 << 20
                    && _sender.Send(_now, 0, 53, _payload.AsSpan(0, messageBytes)) == SctpSendOutcome.Accepted)
                {
                    sent += messageBytes;
                }

                _now += TimeSpan.FromMicroseconds(50);
                _sender.Advance(_now);
                _receiver.Advance(_now);
                for (var i = 0; i < 32 && _sender.TryGetPacket(_now, _buffer, out var length); i++)
                {
                    _receiver.Receive(_now, _buffer.AsSpan(0, length));
                }

                while (_receiver.TryReceive(out var message))
                {
                    received += message.Payload.Length;
                }

                while (_receiver.TryGetPacket(_now, _buffer, out var length))
                {
                    _sender.Receive(_now, _buffer.AsSpan(0, length));
                }
            }
        }
    }
}
