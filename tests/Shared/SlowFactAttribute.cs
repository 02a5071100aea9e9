using System.Runtime.CompilerServices;
using Xunit.v3;

namespace Overlay.Testing;

/// <summary>A test too long for every run: left out of <c>dotnet test</c>, run by <c>dotnet test -p:Slow=true</c>.</summary>
/// <remarks>It is explicit (so also the built executable leaves it out) and carries the trait <c>Category=slow</c>.</remarks>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SlowFactAttribute : FactAttribute, ITraitAttribute
{
    public SlowFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Explicit = true;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => SlowTrait.Value;
}

/// <summary>The theory twin of <see cref="SlowFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SlowTheoryAttribute : TheoryAttribute, ITraitAttribute
{
    public SlowTheoryAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Explicit = true;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => SlowTrait.Value;
}

internal static class SlowTrait
{
    public static readonly KeyValuePair<string, string>[] Value = [new("Category", "slow")];
}
