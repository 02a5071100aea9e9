using System.Diagnostics;
using System.Globalization;

namespace Overlay.Simulator.Metrics;

/// <summary>The most memory that was resident. On Linux it can be measured anew from a moment on; elsewhere it is that of the whole process.</summary>
internal static class PeakMemory
{
    /// <summary>The most bytes that were resident since the process began, or since <see cref="Reset"/>.</summary>
    public static long Bytes
    {
        get
        {
            if (OperatingSystem.IsLinux())
            {
                foreach (var line in File.ReadLines("/proc/self/status"))
                {
                    if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                    {
                        return 1024 * long.Parse(line.AsSpan(6).Trim().TrimEnd("kB "), CultureInfo.InvariantCulture);
                    }
                }
            }

            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }
    }

    /// <summary>Begins anew, where the system allows it.</summary>
    public static void Reset()
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                File.WriteAllText("/proc/self/clear_refs", "5");
            }
            catch (UnauthorizedAccessException)
            {
                // Then the figure is that of the process so far: too high, never too low.
            }
        }
    }
}
