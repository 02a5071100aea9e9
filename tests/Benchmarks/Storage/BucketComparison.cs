using System.Diagnostics;
using Overlay.Nodes.Storage;

namespace Overlay.Benchmarks.Storage;

/// <summary>A bucket beside plain files that are as safe: written to a temporary name, flushed to disk, renamed.</summary>
internal static class BucketComparison
{
    private const int SmallFiles = 500;
    private const int SmallBytes = 4_096;
    private const int LargeBytes = 64 << 20;

    public static async Task RunAsync(string folder, Action<string, double, bool> report)
    {
        var small = new byte[SmallBytes];
        var large = new byte[LargeBytes];
        new Random(1).NextBytes(large);
        await using var bucket = await Bucket.OpenAsync(Path.Combine(folder, "ours.bucket"));
        var files = Directory.CreateDirectory(Path.Combine(folder, "files")).FullName;

        report("6 files of 4 KiB written, safe against power failure", await RateAsync(SmallFiles, async i => await bucket.WriteAsync($"{i}", small)), true);
        report("6 files of 4 KiB written, safe against power failure", await RateAsync(SmallFiles, async i => await WriteFileAsync(Path.Combine(files, $"{i}"), small)), false);
        report("7 files of 4 KiB read", await RateAsync(SmallFiles, async i => await bucket.ReadAsync($"{i}")), true);
        report("7 files of 4 KiB read", await RateAsync(SmallFiles, async i => await File.ReadAllBytesAsync(Path.Combine(files, $"{i}"))), false);

        var megabytes = LargeBytes >> 20;
        report("8 MiB of one file of 64 MiB written, safe against power failure", megabytes * await RateAsync(1, async _ => await bucket.WriteAsync("large", new MemoryStream(large))), true);
        report("8 MiB of one file of 64 MiB written, safe against power failure", megabytes * await RateAsync(1, async _ => await WriteFileAsync(Path.Combine(files, "large"), large)), false);
        report("9 MiB of one file of 64 MiB read", megabytes * await RateAsync(1, async _ => await DrainAsync(await bucket.OpenReadAsync("large"))), true);
        report("9 MiB of one file of 64 MiB read", megabytes * await RateAsync(1, async _ => await DrainAsync(File.OpenRead(Path.Combine(files, "large")))), false);
    }

    private static async Task<double> RateAsync(int count, Func<int, Task> work)
    {
        var time = Stopwatch.StartNew();
        for (var i = 0; i < count; i++)
        {
            await work(i);
        }

        return count / time.Elapsed.TotalSeconds;
    }

    private static async Task WriteFileAsync(string path, byte[] bytes)
    {
        await using (var file = new FileStream(path + ".new", FileMode.Create))
        {
            await file.WriteAsync(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    private static async Task DrainAsync(Stream stream)
    {
        await using (stream)
        {
            var buffer = new byte[128 * 1_024];
            while (await stream.ReadAsync(buffer) > 0)
            {
                // Only the reading counts.
            }
        }
    }
}
