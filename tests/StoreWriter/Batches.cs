using Overlay.Nodes.Storage;

namespace Overlay.StoreWriter;

/// <summary>What the writer writes and the test looks for.</summary>
public static class Batches
{
    /// <summary>Records of a batch, spread over <see cref="Stores"/>.</summary>
    public const int Size = 30;

    /// <summary>The file whose contents are replaced.</summary>
    public const string File = "replaced";

    /// <summary>The stores of a batch.</summary>
    public static IReadOnlyList<string> Stores { get; } = ["a", "b", "c"];

    /// <summary>Stages batch <paramref name="batch"/>: new records, and the newest batch number in a record that every batch updates.</summary>
    public static void Stage(Database database, int batch)
    {
        for (var i = 0; i < Size; i++)
        {
            database.Insert(Stores[i % Stores.Count], new BatchRecord($"{batch:D8}-{i:D2}", batch, new string((char)('a' + (batch % 26)), 400)));
        }

        database.Update(Stores[0], new BatchRecord("newest", batch, ""));
    }

    /// <summary>Contents of the file in round <paramref name="round"/>: its number, repeated; the length tells the round too.</summary>
    public static byte[] Content(int round)
    {
        var content = new byte[200_000 + (round % 7 * 30_000)];
        for (var at = 0; at + 4 <= content.Length; at += 4)
        {
            BitConverter.TryWriteBytes(content.AsSpan(at), round);
        }

        return content;
    }
}

/// <summary>A record of a batch.</summary>
public sealed record BatchRecord(string Key, int Batch, string Padding);
