using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Churn;

/// <summary>Pareto from its scale upward: P(X &gt; x) = (scale / x)^shape for x ≥ scale, as p2psim draws it (shape 1, scale 1,800 s: median 1 h, no finite mean).</summary>
/// <remarks>No session is shorter than the scale. For the form that begins at 0 see <see cref="ShiftedParetoDuration"/>.</remarks>
public sealed class ParetoDuration : DurationModel
{
    private readonly double _shape;
    private readonly double _scale;

    private ParetoDuration(double shape, double scale) => (_shape, _scale) = (shape, scale);

    public override double MeanSeconds => _shape > 1 ? _scale * _shape / (_shape - 1) : double.PositiveInfinity;

    public override double MedianSeconds => _scale * Samplers.Power(2, 1 / _shape);

    /// <param name="shape">0.05 to 20.</param>
    /// <param name="scale">The shortest duration.</param>
    public static ParetoDuration FromScale(double shape, TimeSpan scale) => new(Shape(shape), Seconds(scale, nameof(scale)));

    /// <param name="shape">0.05 to 20.</param>
    /// <param name="median">Half are shorter.</param>
    public static ParetoDuration FromMedian(double shape, TimeSpan median) => new(Shape(shape), Seconds(median, nameof(median)) / Samplers.Power(2, 1 / shape));

    /// <param name="shape">1.01 to 20: below there is no mean.</param>
    /// <param name="mean">scale · shape / (shape − 1).</param>
    public static ParetoDuration FromMean(double shape, TimeSpan mean) => new(Shape(shape, 1.01), Seconds(mean, nameof(mean)) * (shape - 1) / shape);

    private protected override double Draw(ref Prng random) => _scale * Tail(_shape, ref random);

    // Chosen by their length, durations follow a Pareto law of shape − 1.
    private protected override double DrawResidual(ref Prng random) => _scale * Tail(_shape - 1, ref random) * Samplers.Uniform(ref random);

    /// <summary>U^(−1 / shape), held below 10^300.</summary>
    internal static double Tail(double shape, ref Prng random) => Samplers.Exp(Math.Min(Samplers.Exponential(ref random) / shape, 690));
}

/// <summary>Pareto shifted to begin at 0: P(X &gt; x) = (1 + x / scale)^−shape (Yao et al. 2006; OverSim with shape 3, mean scale / 2).</summary>
public sealed class ShiftedParetoDuration : DurationModel
{
    private readonly double _shape;
    private readonly double _scale;

    private ShiftedParetoDuration(double shape, double scale) => (_shape, _scale) = (shape, scale);

    public override double MeanSeconds => _shape > 1 ? _scale / (_shape - 1) : double.PositiveInfinity;

    public override double MedianSeconds => _scale * (Samplers.Power(2, 1 / _shape) - 1);

    /// <param name="shape">0.05 to 20.</param>
    /// <param name="scale">See the law.</param>
    public static ShiftedParetoDuration FromScale(double shape, TimeSpan scale) => new(Shape(shape), Seconds(scale, nameof(scale)));

    /// <param name="shape">0.05 to 20.</param>
    /// <param name="median">Half are shorter.</param>
    public static ShiftedParetoDuration FromMedian(double shape, TimeSpan median) =>
        new(Shape(shape), Seconds(median, nameof(median)) / (Samplers.Power(2, 1 / shape) - 1));

    /// <param name="shape">1.01 to 20: below there is no mean.</param>
    /// <param name="mean">scale / (shape − 1).</param>
    public static ShiftedParetoDuration FromMean(double shape, TimeSpan mean) => new(Shape(shape, 1.01), Seconds(mean, nameof(mean)) * (shape - 1));

    private protected override double Draw(ref Prng random) => _scale * (ParetoDuration.Tail(_shape, ref random) - 1);

    // The rest of a session follows the same law with shape − 1.
    private protected override double DrawResidual(ref Prng random) => _scale * (ParetoDuration.Tail(_shape - 1, ref random) - 1);
}
