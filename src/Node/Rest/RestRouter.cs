namespace Overlay.Nodes.Rest;

/// <summary>Answers a request.</summary>
public delegate Task RestHandler(RestContext context);

/// <summary>Does something before or after those behind it, or answers instead of them.</summary>
public delegate Task RestMiddleware(RestContext context, Func<Task> next);

/// <summary>Routes and middleware, tried in the order in which they were added; routers nest.</summary>
/// <remarks>Verbs compare without case; paths with it. See <c>:name</c>, <c>{name}</c> and <c>{*name}</c> for parameters. May be added to while it serves.</remarks>
public class RestRouter
{
    private readonly Lock _lock = new();
    private readonly string _prefix;
    private RestMiddleware[] _steps = [];

    /// <summary>A router to be used by another one.</summary>
    public RestRouter()
        : this("")
    {
    }

    private RestRouter(string prefix) => _prefix = prefix;

    /// <summary>Adds middleware.</summary>
    public RestRouter Use(RestMiddleware middleware)
    {
        ArgumentNullException.ThrowIfNull(middleware);
        lock (_lock)
        {
            _steps = [.. _steps, middleware];
        }

        return this;
    }

    /// <summary>Adds all of another router, with its own paths.</summary>
    public RestRouter Use(RestRouter router)
    {
        ArgumentNullException.ThrowIfNull(router);
        return Use(router.RunAsync);
    }

    /// <summary>A router for paths that begin with <paramref name="prefix"/>, which its patterns leave out.</summary>
    public RestRouter MapGroup(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        var group = new RestRouter(_prefix + prefix);
        Use(group);
        return group;
    }

    /// <summary>Adds a route for <c>get</c>.</summary>
    public RestRouter MapGet(string pattern, RestHandler handler) => Map("get", pattern, handler);

    /// <inheritdoc cref="MapGet(string, RestHandler)"/>
    public RestRouter MapGet(string pattern, Func<RestContext, RestResult> handler) => Map("get", pattern, handler);

    /// <inheritdoc cref="MapGet(string, RestHandler)"/>
    public RestRouter MapGet(string pattern, Func<RestContext, Task<RestResult>> handler) => Map("get", pattern, handler);

    /// <summary>Adds a route for <c>post</c>.</summary>
    public RestRouter MapPost(string pattern, RestHandler handler) => Map("post", pattern, handler);

    /// <inheritdoc cref="MapPost(string, RestHandler)"/>
    public RestRouter MapPost(string pattern, Func<RestContext, RestResult> handler) => Map("post", pattern, handler);

    /// <inheritdoc cref="MapPost(string, RestHandler)"/>
    public RestRouter MapPost(string pattern, Func<RestContext, Task<RestResult>> handler) => Map("post", pattern, handler);

    /// <summary>Adds a route for <c>put</c>.</summary>
    public RestRouter MapPut(string pattern, RestHandler handler) => Map("put", pattern, handler);

    /// <inheritdoc cref="MapPut(string, RestHandler)"/>
    public RestRouter MapPut(string pattern, Func<RestContext, RestResult> handler) => Map("put", pattern, handler);

    /// <inheritdoc cref="MapPut(string, RestHandler)"/>
    public RestRouter MapPut(string pattern, Func<RestContext, Task<RestResult>> handler) => Map("put", pattern, handler);

    /// <summary>Adds a route for <c>patch</c>.</summary>
    public RestRouter MapPatch(string pattern, RestHandler handler) => Map("patch", pattern, handler);

    /// <inheritdoc cref="MapPatch(string, RestHandler)"/>
    public RestRouter MapPatch(string pattern, Func<RestContext, RestResult> handler) => Map("patch", pattern, handler);

    /// <inheritdoc cref="MapPatch(string, RestHandler)"/>
    public RestRouter MapPatch(string pattern, Func<RestContext, Task<RestResult>> handler) => Map("patch", pattern, handler);

    /// <summary>Adds a route for <c>delete</c>.</summary>
    public RestRouter MapDelete(string pattern, RestHandler handler) => Map("delete", pattern, handler);

    /// <inheritdoc cref="MapDelete(string, RestHandler)"/>
    public RestRouter MapDelete(string pattern, Func<RestContext, RestResult> handler) => Map("delete", pattern, handler);

    /// <inheritdoc cref="MapDelete(string, RestHandler)"/>
    public RestRouter MapDelete(string pattern, Func<RestContext, Task<RestResult>> handler) => Map("delete", pattern, handler);

    /// <summary>Adds a route whose handler returns what it answers.</summary>
    public RestRouter Map(string method, string pattern, Func<RestContext, RestResult> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Map(method, pattern, context => context.Response.SendAsync(handler(context)));
    }

    /// <summary>Adds a route whose handler returns what it answers.</summary>
    public RestRouter Map(string method, string pattern, Func<RestContext, Task<RestResult>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Map(method, pattern, async context => await context.Response.SendAsync(await handler(context).ConfigureAwait(false)).ConfigureAwait(false));
    }

    /// <summary>Adds a route for any verb, also one of your own.</summary>
    /// <exception cref="ArgumentException">The pattern is none; the message says why.</exception>
    public RestRouter Map(string method, string pattern, RestHandler handler) => Map(method, pattern, [], handler);

    /// <summary>Adds a route with middleware of its own, which runs where the route matches.</summary>
    /// <exception cref="ArgumentException">The pattern is none; the message says why.</exception>
    public RestRouter Map(string method, string pattern, IEnumerable<RestMiddleware> middleware, RestHandler handler)
    {
        ArgumentException.ThrowIfNullOrEmpty(method);
        ArgumentNullException.ThrowIfNull(middleware);
        ArgumentNullException.ThrowIfNull(handler);
        var paths = new RestPattern(_prefix + pattern);
        RestMiddleware[] steps = [.. middleware, (context, _) => handler(context)];
        return Use((context, next) =>
        {
            if (!context.Request.Method.Equals(method, StringComparison.OrdinalIgnoreCase) || !paths.TryMatch(context.Request.Path, out var parameters))
            {
                return next();
            }

            (context.Request.Params, context.Request.Route) = (parameters, _prefix + pattern);
            return RunAsync(steps, 0, context, static () => Task.CompletedTask);
        });
    }

    /// <summary>Adds a route for several verbs.</summary>
    /// <exception cref="ArgumentException">The pattern is none; the message says why.</exception>
    public RestRouter MapMethods(string pattern, IEnumerable<string> methods, RestHandler handler)
    {
        ArgumentNullException.ThrowIfNull(methods);
        foreach (var method in methods)
        {
            Map(method, pattern, handler);
        }

        return this;
    }

    internal Task RunAsync(RestContext context, Func<Task> next) => RunAsync(_steps, 0, context, next);

    private static Task RunAsync(RestMiddleware[] steps, int first, RestContext context, Func<Task> next) =>
        first == steps.Length ? next() : steps[first](context, () => RunAsync(steps, first + 1, context, next));
}
