namespace Overlay.Wire;

/// <summary>What a MessagePack value is.</summary>
public enum MessagePackType : byte
{
    /// <summary>No value: the end of the bytes or of the open array.</summary>
    End,
    Nil,
    Boolean,
    Integer,
    Float,
    String,
    Binary,
    Array,

    /// <summary>A map, an extension, or the byte that the format never uses.</summary>
    Refused,
}

/// <summary>The first bytes of MessagePack values, named as in its specification ("Formats").</summary>
internal static class MessagePackCode
{
    public const byte PositiveFixIntLast = 0x7F;
    public const byte FixMapLast = 0x8F;
    public const byte FixArray = 0x90;
    public const byte FixArrayLast = 0x9F;
    public const byte FixStr = 0xA0;
    public const byte FixStrLast = 0xBF;
    public const byte Nil = 0xC0;
    public const byte NeverUsed = 0xC1;
    public const byte False = 0xC2;
    public const byte True = 0xC3;
    public const byte Bin8 = 0xC4;
    public const byte Bin16 = 0xC5;
    public const byte Bin32 = 0xC6;
    public const byte Float32 = 0xCA;
    public const byte Float64 = 0xCB;
    public const byte UInt8 = 0xCC;
    public const byte UInt16 = 0xCD;
    public const byte UInt32 = 0xCE;
    public const byte UInt64 = 0xCF;
    public const byte Int8 = 0xD0;
    public const byte Int16 = 0xD1;
    public const byte Int32 = 0xD2;
    public const byte Int64 = 0xD3;
    public const byte Str8 = 0xD9;
    public const byte Str16 = 0xDA;
    public const byte Str32 = 0xDB;
    public const byte Array16 = 0xDC;
    public const byte Array32 = 0xDD;
    public const byte NegativeFixInt = 0xE0;
}
