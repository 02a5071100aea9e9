using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json.Nodes;
using Overlay.Wire;

namespace Overlay.Tests.Wire;

/// <summary>Any value that the overlay's MessagePack knows, as a model: written, read and put into JSON the plainest way.</summary>
internal abstract record WireValue
{
    /// <summary>The tagged form that npm/msgpack-peer.mjs explains.</summary>
    public abstract JsonObject ToTagged();

    public abstract void Write(ref MessagePackWriter writer);

    public byte[] Encode()
    {
        var measuring = MessagePackWriter.Measuring();
        Write(ref measuring);
        var bytes = new byte[measuring.Position];
        var writer = new MessagePackWriter(bytes);
        Write(ref writer);
        Assert.False(writer.Failed);
        Assert.Equal(bytes.Length, writer.Position);
        return bytes;
    }

    public static WireValue Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        var value = Read(ref reader);
        Assert.True(reader.IsComplete);
        return value;
    }

    public static WireValue Read(ref MessagePackReader reader)
    {
        switch (reader.Next)
        {
            case MessagePackType.Nil:
                Assert.True(reader.TryReadNil());
                return new Nil();
            case MessagePackType.Boolean:
                return new Bool(reader.ReadBoolean());
            case MessagePackType.Integer:
                var copy = reader;
                var unsigned = copy.ReadUInt64();
                return copy.Failed ? new Int(reader.ReadInt64()) : Unsigned(ref reader, unsigned);
            case MessagePackType.Float:
                return new Float(reader.ReadDouble(), IsSingle: false);
            case MessagePackType.String:
                return new Str(reader.ReadString(int.MaxValue));
            case MessagePackType.Binary:
                return new Bin(Convert.ToHexStringLower(reader.ReadBinary(int.MaxValue)));
            case MessagePackType.Array:
                var items = new WireValue[reader.BeginArray(int.MaxValue)];
                for (var i = 0; i < items.Length; i++)
                {
                    items[i] = Read(ref reader);
                }

                reader.EndArray();
                return new Arr(items);
            default:
                Assert.Fail($"{reader.Next} at {reader.Position}");
                return null!;
        }
    }

    /// <summary>A value drawn from <paramref name="prng"/>; edges are likelier than chance would have them.</summary>
    public static WireValue Draw(ref Prng prng, int depth)
    {
        switch (prng.Next(depth > 0 ? 8 : 7))
        {
            case 0:
                return new Nil();
            case 1:
                return new Bool(prng.Chance(1, 2));
            case 2 or 3:
                return DrawInteger(ref prng);
            case 4:
                var bits = prng.Chance(1, 8) ? 0x7FF0000000000000UL : prng.Next();
                var number = BitConverter.UInt64BitsToDouble(bits);
                return double.IsNaN(number) ? new Float(1.5, false) : prng.Chance(1, 3) ? new Float((float)number, true) : new Float(number, false);
            case 5:
                return new Str(DrawText(ref prng));
            case 6:
                var bytes = new byte[DrawLength(ref prng, 70_000)];
                bytes.AsSpan().Fill((byte)prng.Next());
                return new Bin(Convert.ToHexStringLower(bytes));
            default:
                var items = new WireValue[prng.Chance(1, 20) ? 16 + prng.Next(3) : prng.Next(6)];
                for (var i = 0; i < items.Length; i++)
                {
                    items[i] = Draw(ref prng, depth - 1);
                }

                return new Arr(items);
        }
    }

    private static Int DrawInteger(ref Prng prng)
    {
        var bits = prng.Next(65);
        var magnitude = (bits == 64 ? UInt128.One << 64 : UInt128.One << bits) + (UInt128)(ulong)prng.Next(3);
        var value = (Int128)magnitude - 2;
        value = prng.Chance(1, 2) ? -value : value;
        return new(value < long.MinValue ? long.MinValue : value > ulong.MaxValue ? ulong.MaxValue : value);
    }

    private static string DrawText(ref Prng prng)
    {
        string[] letters = ["a", "ß", "水", "🙂", "\0", "\"", "\\", "\n"];
        var text = new System.Text.StringBuilder();
        for (var left = DrawLength(ref prng, 300); left > 0; left--)
        {
            text.Append(letters[prng.Next(letters.Length)]);
        }

        return text.ToString();
    }

    private static int DrawLength(ref Prng prng, int largest) => prng.Next(40) switch
    {
        0 => Math.Min(largest, 65_534 + prng.Next(4)),
        1 or 2 => Math.Min(largest, 254 + prng.Next(4)),
        < 10 => 30 + prng.Next(4),
        _ => prng.Next(20),
    };

    private static Int Unsigned(ref MessagePackReader reader, ulong value)
    {
        Assert.Equal(value, reader.ReadUInt64());
        return new(value);
    }

    private static JsonObject Tagged(string tag, JsonNode? value = null)
    {
        var tagged = new JsonObject { ["t"] = tag };
        if (value is not null)
        {
            tagged["v"] = value;
        }

        return tagged;
    }

    public sealed record Nil : WireValue
    {
        public override JsonObject ToTagged() => Tagged("nil");

        public override void Write(ref MessagePackWriter writer) => writer.WriteNil();
    }

    public sealed record Bool(bool Value) : WireValue
    {
        public override JsonObject ToTagged() => Tagged("bool", Value);

        public override void Write(ref MessagePackWriter writer) => writer.Write(Value);
    }

    public sealed record Int(Int128 Value) : WireValue
    {
        public override JsonObject ToTagged() => Tagged("int", Value.ToString(CultureInfo.InvariantCulture));

        public override void Write(ref MessagePackWriter writer)
        {
            if (Value > long.MaxValue)
            {
                writer.Write((ulong)Value);
            }
            else
            {
                writer.Write((long)Value);
            }
        }
    }

    public sealed record Float(double Value, bool IsSingle) : WireValue
    {
        public override JsonObject ToTagged()
        {
            var bits = new byte[8];
            BinaryPrimitives.WriteDoubleBigEndian(bits, Value);
            return Tagged("float", Convert.ToHexStringLower(bits));
        }

        public override void Write(ref MessagePackWriter writer)
        {
            if (IsSingle)
            {
                writer.Write((float)Value);
            }
            else
            {
                writer.Write(Value);
            }
        }
    }

    public sealed record Str(string Value) : WireValue
    {
        public override JsonObject ToTagged() => Tagged("str", Value);

        public override void Write(ref MessagePackWriter writer) => writer.Write(Value);
    }

    public sealed record Bin(string Hex) : WireValue
    {
        public override JsonObject ToTagged() => Tagged("bin", Hex);

        public override void Write(ref MessagePackWriter writer) => writer.Write(Convert.FromHexString(Hex));
    }

    public sealed record Arr(WireValue[] Items) : WireValue
    {
        public override JsonObject ToTagged() => Tagged("array", new JsonArray([.. Items.Select(item => (JsonNode?)item.ToTagged())]));

        public override void Write(ref MessagePackWriter writer)
        {
            writer.BeginArray(Items.Length);
            foreach (var item in Items)
            {
                item.Write(ref writer);
            }
        }
    }
}
