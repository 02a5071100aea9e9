using System.Runtime.CompilerServices;
using Overlay.Effects;

namespace Overlay.Tests.Effects;

public sealed class EffectTests
{
    [Fact]
    public void An_effect_takes_at_most_128_bytes()
    {
        Assert.InRange(Unsafe.SizeOf<Effect>(), 1, 128);
    }
}
