using System.Globalization;
using Overlay.Nodes.Storage;
using Overlay.StoreWriter;

// A process that writes to a store until it is killed, for tests of what is there afterwards.
//   StoreWriter database PATH FIRST   commits batches FIRST, FIRST + 1, …: "ready", then the number of each batch whose commit has returned
//   StoreWriter bucket PATH FIRST     replaces one file with contents FIRST, FIRST + 1, …: the same
//   StoreWriter hold PATH             opens a database and keeps it: "ready", until standard input ends
if (args is not [var what, var path, ..])
{
    Console.Error.WriteLine("usage: StoreWriter database|bucket|hold PATH [FIRST]");
    return 2;
}

var first = args is [_, _, var number] ? int.Parse(number, CultureInfo.InvariantCulture) : 0;
using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
switch (what)
{
    case "database":
        await using (var database = await Database.OpenAsync(path))
        {
            await output.WriteLineAsync("ready");
            for (var batch = first; ; batch++)
            {
                Batches.Stage(database, batch);
                await database.CommitAsync();
                await output.WriteLineAsync(batch.ToString(CultureInfo.InvariantCulture));
            }
        }

    case "bucket":
        await using (var bucket = await Bucket.OpenAsync(path))
        {
            await output.WriteLineAsync("ready");
            for (var round = first; ; round++)
            {
                await bucket.WriteAsync(Batches.File, Batches.Content(round));
                await output.WriteLineAsync(round.ToString(CultureInfo.InvariantCulture));
            }
        }

    case "hold":
        await using (await Database.OpenAsync(path))
        {
            await output.WriteLineAsync("ready");
            await Console.In.ReadToEndAsync();
        }

        return 0;
    default:
        Console.Error.WriteLine($"'{what}' is none of database, bucket, hold");
        return 2;
}
