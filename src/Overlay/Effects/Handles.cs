using System.Globalization;

namespace Overlay.Effects;

/// <summary>Names a link of one node, from the wish for it to its end. Never reused.</summary>
public readonly record struct LinkId(int Value)
{
    public override string ToString() => "link " + Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Names a command of the application; its result carries the same id.</summary>
public readonly record struct RequestId(long Value)
{
    public override string ToString() => "request " + Value.ToString(CultureInfo.InvariantCulture);
}
