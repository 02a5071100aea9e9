using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Overlay.Tests.Wire;

/// <summary>Our MessagePack against that of @msgpack/msgpack.</summary>
public sealed class MessagePackAgreementTests
{
    private const int Count = 3000;

    [Fact]
    public async Task The_library_of_npm_writes_what_we_write_and_reads_what_we_wrote()
    {
        var node = Tool.RequireNode();
        var folder = Tool.RequireNpmFolder("tests/Overlay.Tests/npm");
        var values = Draw();
        var requests = values.SelectMany(value => new[]
        {
            new JsonObject { ["encode"] = value.ToTagged() }.ToJsonString(),
            new JsonObject { ["decode"] = Convert.ToHexStringLower(value.Encode()) }.ToJsonString(),
        });

        var answers = await AskAsync(node, folder, [.. requests]);

        Assert.Equal(2 * Count, answers.Count);
        for (var i = 0; i < Count; i++)
        {
            var theirs = Convert.FromHexString(answers[2 * i]);
            Assert.True(JsonNode.DeepEquals(values[i].ToTagged(), WireValue.Decode(theirs).ToTagged()), $"value {i}: they wrote {answers[2 * i]}");
            Assert.True(JsonNode.DeepEquals(values[i].ToTagged(), JsonNode.Parse(answers[(2 * i) + 1])), $"value {i}: they read {answers[(2 * i) + 1]}");
            if (!HasSingle(values[i]))
            {
                Assert.Equal(Convert.ToHexStringLower(values[i].Encode()), answers[2 * i]); // They write floats in 64 bits always.
            }
        }
    }

    private static List<WireValue> Draw()
    {
        var prng = new Prng(2026);
        var values = new List<WireValue>(Count);
        while (values.Count < Count)
        {
            values.Add(WireValue.Draw(ref prng, depth: 4));
        }

        return values;
    }

    private static bool HasSingle(WireValue value) => value switch
    {
        WireValue.Float number => number.IsSingle,
        WireValue.Arr array => array.Items.Any(HasSingle),
        _ => false,
    };

    private static async Task<List<string>> AskAsync(string node, string folder, string[] requests)
    {
        using var process = Process.Start(new ProcessStartInfo(node, "msgpack-peer.mjs")
        {
            UseShellExecute = false,
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var writing = WriteAsync();
        var answers = new List<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            answers.Add(line);
        }

        await writing;
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return answers;

        async Task WriteAsync()
        {
            foreach (var request in requests)
            {
                await process.StandardInput.WriteLineAsync(request);
            }

            process.StandardInput.Close();
        }
    }
}
