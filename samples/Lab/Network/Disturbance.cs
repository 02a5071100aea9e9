using System.Globalization;

namespace Overlay.Samples.Lab.Network;

/// <summary>Keeps the network busy and hurts it: messages all the time, and every now and then a crash, a frozen process or a leave, each made good later.</summary>
internal sealed class Disturbance(LabNetwork network, Random random, TimeSpan messagePeriod, TimeSpan? faultPeriod)
{
    private static readonly (Func<LabNode, bool> Do, Func<LabNode, bool> Undo)[] Faults =
    [
        (static node => node.Kill(), static node => node.Start()),
        (static node => node.Freeze(), static node => node.Thaw()),
        (static node => node.Leave(), static node => node.Start()),
    ];

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(SendAsync(cancellationToken), HurtAsync(cancellationToken));

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        for (var number = 1; await WaitAsync(messagePeriod, cancellationToken).ConfigureAwait(false); number++)
        {
            var members = Members();
            if (members.Length >= 2)
            {
                random.Shuffle(members);
                members[0].Send(members[1].Name, number.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    private async Task HurtAsync(CancellationToken cancellationToken)
    {
        while (faultPeriod is { } period && await WaitAsync(period, cancellationToken).ConfigureAwait(false))
        {
            var members = Members();
            if (members.Length < 2)
            {
                continue;
            }

            var (harm, mend) = Faults[random.Next(Faults.Length)];
            var node = members[random.Next(members.Length)];
            if (harm(node))
            {
                _ = MendAsync(node, mend, period / 2, cancellationToken);
            }
        }
    }

    private static async Task MendAsync(LabNode node, Func<LabNode, bool> mend, TimeSpan after, CancellationToken cancellationToken)
    {
        if (await WaitAsync(after, cancellationToken).ConfigureAwait(false))
        {
            mend(node);
        }
    }

    private LabNode[] Members() => [.. network.Nodes.Where(static node => node.State == LabState.Member)];

    private static async Task<bool> WaitAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
