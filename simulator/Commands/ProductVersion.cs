using System.Reflection;

namespace Overlay.Simulator.Commands;

/// <summary>The version of this simulator.</summary>
internal static class ProductVersion
{
    /// <summary>Such as 0.1.0, with the commit it was built from where that is known.</summary>
    public static string Text { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
}
