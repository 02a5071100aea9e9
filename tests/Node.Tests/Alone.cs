namespace Overlay.Nodes.Tests;

/// <summary>For tests that measure something of the whole process: nothing else runs meanwhile.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
