using Overlay.Routing;

namespace Overlay.Runtime.Diagnostics;

/// <summary>A way to a node, and the trace that its hops' spans belong to.</summary>
/// <param name="Route">The way.</param>
/// <param name="TraceId">32 hexadecimal digits; null where it was not to be traced.</param>
public sealed record TracedWay(RouteTrace Route, string? TraceId);
