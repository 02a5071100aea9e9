using System.Reflection;

namespace Overlay.Simulator.Commands;

/// <summary>The version of this simulator.</summary>
internal static class ProductVersion
{
    /// <summary>Such as 0.1.0, without the commit.</summary>
    public static string Text { get; } =
        (typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];
}
