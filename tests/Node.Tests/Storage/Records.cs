using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Overlay.Nodes.Tests.Storage;

/// <summary>The record of the original tests.</summary>
internal sealed record Indexed(string Key, int Index);

internal sealed record Person(string Key, string? Name, int Age, string? Role = null);

internal sealed class Document
{
    [Key]
    public required Guid Id { get; init; }

    public string Title { get; set; } = "untitled";
}

internal sealed record Keyless(int Number);

internal sealed record Numbered(long Key, string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Person))]
internal sealed partial class PersonContext : JsonSerializerContext;
