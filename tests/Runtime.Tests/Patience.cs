namespace Overlay.Runtime.Tests;

/// <summary>How long a test waits for something that comes soon, on a machine that may be busy. Never the time that a test takes.</summary>
internal static class Patience
{
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
}
