using Overlay.Effects;
using Overlay.Time;

namespace Overlay.Runtime;

/// <summary>What reaches the loop from other threads.</summary>
internal enum LoopInputKind : byte
{
    HubOpened,
    HubFrame,
    HubLost,
    Command,
    Stop,
    Kill,
}

/// <summary>One input from another thread: a hub's frame, or a command of the application.</summary>
internal readonly record struct LoopInput(LoopInputKind Kind, LinkId Link, byte[]? Frame, Action<Instant, Outbox>? Command)
{
    public static LoopInput HubOpened(LinkId link) => new(LoopInputKind.HubOpened, link, null, null);

    public static LoopInput HubFrame(LinkId link, byte[] frame) => new(LoopInputKind.HubFrame, link, frame, null);

    public static LoopInput HubLost(LinkId link) => new(LoopInputKind.HubLost, link, null, null);

    public static LoopInput Do(Action<Instant, Outbox> command) => new(LoopInputKind.Command, default, null, command);

    public static LoopInput Stop() => new(LoopInputKind.Stop, default, null, null);

    public static LoopInput Kill() => new(LoopInputKind.Kill, default, null, null);
}
