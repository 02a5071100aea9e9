using System.Diagnostics.CodeAnalysis;

namespace Overlay.Nodes.Storage;

/// <summary>Exceptions that expressions throw by themselves in .NET.</summary>
internal static class ExpressionFailure
{
    [SuppressMessage("Usage", "CA2201", Justification = "A query throws what the same expression throws over objects, whoever evaluates it.")]
    public static Exception NullReference() => new NullReferenceException("A condition or key of the query read a member of null. Compare with null first.");
}
