using Overlay.Admission;

namespace Overlay.Hub;

/// <summary>What the hub's loop is woken by.</summary>
internal enum HubInputKind
{
    /// <summary>A WebSocket is open.</summary>
    Opened,

    /// <summary>It brought a frame.</summary>
    Frame,

    /// <summary>It is gone.</summary>
    Closed,

    /// <summary>The timer rang.</summary>
    Tick,

    /// <summary>Somebody asks whether the loop still turns.</summary>
    Probe,
}

/// <summary>One input of the hub's loop.</summary>
internal readonly record struct HubInput(HubInputKind Kind, HubConnection? Connection, byte[] Frame, TaskCompletionSource? Probe)
{
    public static HubInput Opened(HubConnection connection) => new(HubInputKind.Opened, connection, [], null);

    public static HubInput Arrived(HubConnection connection, byte[] frame) => new(HubInputKind.Frame, connection, frame, null);

    public static HubInput Closed(HubConnection connection) => new(HubInputKind.Closed, connection, [], null);

    public static HubInput Tick { get; } = new(HubInputKind.Tick, null, [], null);

    public static HubInput Asked(TaskCompletionSource probe) => new(HubInputKind.Probe, null, [], probe);
}
