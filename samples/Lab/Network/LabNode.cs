using System.Text.Json;

namespace Overlay.Samples.Lab.Network;

/// <summary>What a node of the lab is doing.</summary>
internal enum LabState
{
    Starting,
    Member,
    Frozen,
    Left,
    Dead,
}

/// <summary>One node of the lab, through all the processes that it was.</summary>
internal sealed class LabNode(string name, Func<LabNode, LabProcess> start, Action<LabNode, string> happened) : IDisposable
{
    private readonly Lock _gate = new();
    private LabProcess? _process;

    public string Name => name;

    /// <summary>Its id, once it has one.</summary>
    public string Id { get; private set; } = "";

    public LabState State { get; private set; } = LabState.Dead;

    public long Sent { get; private set; }

    public long Delivered { get; private set; }

    public long Received { get; private set; }

    /// <summary>Starts it where it does not run.</summary>
    public bool Start()
    {
        LabProcess process;
        lock (_gate)
        {
            if (State is not (LabState.Dead or LabState.Left))
            {
                return false;
            }

            _process?.Dispose();
            State = LabState.Starting;
            process = _process = start(this);
        }

        happened(this, "starts");
        _ = WatchAsync(process);
        return true;
    }

    /// <summary>Ends it as a crash would.</summary>
    public bool Kill() => Change(static state => state is LabState.Starting or LabState.Member or LabState.Frozen, LabState.Dead, static process => process.Kill(), "was killed");

    /// <summary>Asks it to leave.</summary>
    public bool Leave() => Change(static state => state is LabState.Starting or LabState.Member, LabState.Left, static process => process.Terminate(), "was asked to leave");

    /// <summary>Makes it stand still.</summary>
    public bool Freeze() => Change(static state => state == LabState.Member, LabState.Frozen, static process => process.Freeze(), "is frozen");

    /// <summary>Lets it go on.</summary>
    public bool Thaw() => Change(static state => state == LabState.Frozen, LabState.Member, static process => process.Thaw(), "goes on");

    /// <summary>Sends a message.</summary>
    public void Send(string to, string text)
    {
        lock (_gate)
        {
            if (State == LabState.Member)
            {
                Sent++;
                _process!.Say($"{to} {text}");
            }
        }
    }

    /// <summary>A line of its process.</summary>
    public void Hear(JsonElement line)
    {
        var type = line.TryGetProperty("type", out var text) ? text.GetString() : null;
        lock (_gate)
        {
            switch (type)
            {
                case "joined":
                    Id = line.GetProperty("id").GetString() ?? "";
                    State = State == LabState.Starting ? LabState.Member : State;
                    break;
                case "sent" when line.GetProperty("delivered").GetBoolean():
                    Delivered++;
                    break;
                case "message":
                    Received++;
                    break;
            }
        }

        if (type is "joined")
        {
            happened(this, $"is a member as {Id}");
        }
        else if (type is "left")
        {
            happened(this, "left");
        }
    }

    public void Dispose() => _process?.Dispose();

    private bool Change(Func<LabState, bool> may, LabState next, Action<LabProcess> action, string what)
    {
        lock (_gate)
        {
            if (!may(State) || _process is not { } process)
            {
                return false;
            }

            State = next;
            action(process);
        }

        happened(this, what);
        return true;
    }

    private async Task WatchAsync(LabProcess process)
    {
        await process.Ended.ConfigureAwait(false);
        bool isUnexpected;
        lock (_gate)
        {
            isUnexpected = _process == process && State is LabState.Starting or LabState.Member;
            State = isUnexpected ? LabState.Dead : State;
        }

        if (isUnexpected)
        {
            happened(this, "ended by itself");
        }
    }
}
