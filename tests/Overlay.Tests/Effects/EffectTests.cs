using System.Runtime.CompilerServices;
using Overlay.Effects;
using Overlay.Messages;

namespace Overlay.Tests.Effects;

public sealed class EffectTests
{
    [Fact]
    public void An_effect_takes_at_most_64_bytes()
    {
        Assert.InRange(Unsafe.SizeOf<Effect>(), 1, 64);
    }

    [Fact]
    public void A_message_takes_at_most_40_bytes()
    {
        Assert.InRange(Unsafe.SizeOf<Message>(), 1, 40);
    }
}
