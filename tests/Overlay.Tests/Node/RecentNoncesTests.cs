using Overlay.Signalling;

namespace Overlay.Tests.Node;

public sealed class RecentNoncesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public void As_many_as_there_is_room_for_are_known_again_and_the_oldest_is_forgotten_first(int capacity)
    {
        var recent = new RecentNonces(capacity);
        for (var nonce = 0; nonce < 3 * capacity; nonce++)
        {
            Assert.True(recent.TryAdd((UInt128)nonce));
        }

        for (var nonce = 2 * capacity; nonce < 3 * capacity; nonce++)
        {
            Assert.False(recent.TryAdd((UInt128)nonce));
        }

        Assert.True(recent.TryAdd((UInt128)(2 * capacity) - 1));
    }
}
