using FsCheck;
using FsCheck.Fluent;

namespace Overlay.Tests.Wire;

public sealed class MessagePackProperties
{
    private static readonly Config Thousand = Config.QuickThrowOnFailure.WithMaxTest(1000).WithReplay(42, 1).WithQuietOnSuccess(true);

    [Fact]
    public void Every_value_comes_back_as_it_went()
    {
        Prop.ForAll(Values, value => Same(value, WireValue.Decode(value.Encode()))).Check(Thousand);
    }

    [Fact]
    public void Every_value_has_one_encoding()
    {
        Prop.ForAll(Values, value => WireValue.Decode(value.Encode()).Encode().SequenceEqual(Widened(value).Encode())).Check(Thousand);
    }

    [Fact]
    public void Every_shortened_value_fails()
    {
        Prop.ForAll(Values, value =>
        {
            var bytes = value.Encode();
            for (var length = 0; length < bytes.Length; length += 1 + (bytes.Length / 50))
            {
                var reader = new Overlay.Wire.MessagePackReader(bytes.AsSpan(0, length));
                reader.Skip();
                if (!reader.Failed)
                {
                    return false;
                }
            }

            return true;
        }).Check(Thousand);
    }

    private static Arbitrary<WireValue> Values => Arb.From(ArbMap.Default.GeneratorFor<ulong>().Select(seed =>
    {
        var prng = new Prng(seed);
        return WireValue.Draw(ref prng, depth: 5);
    }));

    private static bool Same(WireValue one, WireValue other) =>
        System.Text.Json.Nodes.JsonNode.DeepEquals(one.ToTagged(), other.ToTagged());

    /// <summary>A float 32 is read as the double it equals.</summary>
    private static WireValue Widened(WireValue value) => value switch
    {
        WireValue.Float number => number with { IsSingle = false },
        WireValue.Arr array => new WireValue.Arr([.. array.Items.Select(Widened)]),
        _ => value,
    };
}
