namespace Overlay.Simulator.Network;

/// <summary>The delays of another model, all longer or shorter by one factor.</summary>
/// <param name="model">The other model.</param>
/// <param name="factor">0.01 to 100.</param>
public sealed class ScaledDelay(DelayModel model, double factor) : DelayModel
{
    public override bool IsSteady => model.IsSteady;

    public override long Ticks(int from, int to, ref Prng random) => (long)(model.Ticks(from, to, ref random) * factor);
}
