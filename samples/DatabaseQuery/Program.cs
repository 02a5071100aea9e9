// Records of one node's database, pulled one by one by another, which filters and orders them with LINQ.
using Overlay.Nodes;
using Overlay.Nodes.Rest;
using Overlay.Nodes.Storage;
using Overlay.Samples.DatabaseQuery;

await using var database = await Database.OpenAsync("users", new DatabaseOptions { InMemory = true });
foreach (var (name, role) in new[] { ("dave", "admin"), ("alice", "admin"), ("carol", "guest"), ("bob", "admin"), ("erin", "guest") })
{
    database.Insert("users", new User(Database.NewKey(), name, role));
}

await database.CommitAsync(); // All of them, or none.

await using var server = await Node.StartAsync(new NodeOptions { Name = "users" });
await using var rest = server.Rest.CreateServer();
rest.MapGet("/users", _ => RestResult.Query(database.Query<User>("users")));
rest.Listen();

await using var client = await Node.StartAsync();
await using var response = await client.Rest.FetchAsync("rest://users/users");
var admins = response.ReadQueryAsync<User>()
    .Where(user => user!.Role == "admin")
    .OrderBy(user => user!.Name, StringComparer.Ordinal);
await foreach (var user in admins)
{
    Console.WriteLine(user!.Name);
}
