using System.Security.Cryptography;

namespace Overlay.Status;

/// <summary>A file of the page, as it lies in the assembly.</summary>
/// <param name="Name">Its name, which is its path.</param>
/// <param name="ContentType">Its type.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="Tag">Names this content, for caches.</param>
internal sealed record PageFile(string Name, string ContentType, byte[] Bytes, string Tag);

/// <summary>The page: all of it is in this assembly, nothing comes from elsewhere.</summary>
internal static class PageFiles
{
    public const string Start = "index.html";

    public static IReadOnlyList<PageFile> All { get; } = [.. Load()];

    private static IEnumerable<PageFile> Load()
    {
        var assembly = typeof(PageFiles).Assembly;
        foreach (var name in assembly.GetManifestResourceNames())
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            yield return new(name, TypeOf(name), bytes, $"\"{Convert.ToHexString(SHA256.HashData(bytes).AsSpan(0, 8))}\"");
        }
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => throw new InvalidOperationException($"{name}: a kind of file that the page does not have."),
    };
}
