using Overlay.Simulator.Engine;

namespace Overlay.Simulator.Churn;

/// <summary>A law of random durations: how long a node stays, or stays away.</summary>
/// <remarks>
/// A run that begins in the steady state must not give its first nodes whole sessions: who is met at a random moment is in a long session more likely
/// than in a short one. <see cref="Residual"/> draws what is left of the session of such a node. Durations are kept between 1 tick and 100 years.
/// </remarks>
public abstract class DurationModel
{
    /// <summary>Longest duration, 100 years: laws with heavy tails reach beyond what a run can count.</summary>
    public const long MaxTicks = 36_525 * TimeSpan.TicksPerDay;

    /// <summary>Least shape of a law that has one.</summary>
    public const double LeastShape = 0.05;

    /// <summary>Greatest shape of a law that has one; for log-normal laws see <see cref="LogNormalDuration.GreatestSigma"/>.</summary>
    public const double GreatestShape = 20;

    /// <summary>Mean of the law in seconds; infinite for Pareto laws with a shape of at most 1.</summary>
    public abstract double MeanSeconds { get; }

    /// <summary>Median of the law in seconds.</summary>
    public abstract double MedianSeconds { get; }

    /// <summary>Whether the mean is finite, without which there is no steady state and no <see cref="Residual"/>.</summary>
    public bool HasSteadyState => double.IsFinite(MeanSeconds);

    /// <summary>A whole duration in ticks of 100 ns.</summary>
    public long Ticks(ref Prng random) => ToTicks(Draw(ref random));

    /// <summary>What is left at a random moment of the steady state, in ticks of 100 ns: a session drawn with a chance in proportion to its length, cut at a uniform place.</summary>
    /// <exception cref="InvalidOperationException">The law has no finite mean.</exception>
    public long Residual(ref Prng random) => HasSteadyState
        ? ToTicks(DrawResidual(ref random))
        : throw new InvalidOperationException("A law without a finite mean has no steady state to begin in: begin with whole durations, or use a greater shape.");

    /// <summary>A whole duration in seconds.</summary>
    private protected abstract double Draw(ref Prng random);

    /// <summary>The rest of a duration in seconds; only with a finite mean.</summary>
    private protected abstract double DrawResidual(ref Prng random);

    private protected static double Seconds(TimeSpan duration, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(duration.Ticks, MaxTicks, name);
        return duration.TotalSeconds;
    }

    private protected static double Shape(double shape, double least = LeastShape)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shape, least);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shape, GreatestShape);
        return shape;
    }

    private static long ToTicks(double seconds) =>
        seconds >= (double)MaxTicks / TimeSpan.TicksPerSecond ? MaxTicks : Math.Max(1, (long)(seconds * TimeSpan.TicksPerSecond));
}

/// <summary>Always the same duration.</summary>
/// <param name="duration">More than 0, at most 100 years.</param>
public sealed class ConstantDuration(TimeSpan duration) : DurationModel
{
    private readonly double _seconds = Seconds(duration, nameof(duration));

    public override double MeanSeconds => _seconds;

    public override double MedianSeconds => _seconds;

    private protected override double Draw(ref Prng random) => _seconds;

    private protected override double DrawResidual(ref Prng random) => _seconds * Samplers.Uniform(ref random);
}

/// <summary>Exponential: without memory, so that age says nothing about what is left.</summary>
public sealed class ExponentialDuration : DurationModel
{
    private readonly double _mean;

    private ExponentialDuration(double mean) => _mean = mean;

    public override double MeanSeconds => _mean;

    public override double MedianSeconds => _mean * Samplers.Log(2);

    public static ExponentialDuration FromMean(TimeSpan mean) => new(Seconds(mean, nameof(mean)));

    public static ExponentialDuration FromMedian(TimeSpan median) => new(Seconds(median, nameof(median)) / Samplers.Log(2));

    private protected override double Draw(ref Prng random) => _mean * Samplers.Exponential(ref random);

    private protected override double DrawResidual(ref Prng random) => Draw(ref random);
}

/// <summary>Weibull: P(X &gt; x) = e^−(x / scale)^shape. Below shape 1 the old live on: sessions of real peers have 0.34 to 0.62.</summary>
public sealed class WeibullDuration : DurationModel
{
    private readonly double _shape;
    private readonly double _scale;

    private WeibullDuration(double shape, double scale) => (_shape, _scale) = (shape, scale);

    public override double MeanSeconds => _scale * MeanOverScale(_shape);

    public override double MedianSeconds => _scale * MedianOverScale(_shape);

    /// <param name="shape">0.05 to 20.</param>
    /// <param name="scale">The duration that 1/e = 37 % exceed.</param>
    public static WeibullDuration FromScale(double shape, TimeSpan scale) => new(Shape(shape), Seconds(scale, nameof(scale)));

    /// <param name="shape">0.05 to 20.</param>
    /// <param name="median">Half are shorter.</param>
    public static WeibullDuration FromMedian(double shape, TimeSpan median) => new(Shape(shape), Seconds(median, nameof(median)) / MedianOverScale(shape));

    /// <param name="shape">0.05 to 20.</param>
    /// <param name="mean">With shape 0.38 ten times the median.</param>
    public static WeibullDuration FromMean(double shape, TimeSpan mean) => new(Shape(shape), Seconds(mean, nameof(mean)) / MeanOverScale(shape));

    private protected override double Draw(ref Prng random) => Length(Samplers.Exponential(ref random));

    // Chosen by its length, with y = (x / scale)^shape, y follows a gamma law of shape 1 + 1 / shape.
    private protected override double DrawResidual(ref Prng random) => Length(Samplers.Gamma(1 + (1 / _shape), ref random)) * Samplers.Uniform(ref random);

    // 10^-15 to the power of 1 / 0.05 is still a number.
    private double Length(double y) => _scale * Samplers.Power(Math.Max(y, 1e-15), 1 / _shape);

    private static double MedianOverScale(double shape) => Samplers.Power(Samplers.Log(2), 1 / Shape(shape));

    private static double MeanOverScale(double shape) => Samplers.GammaFunction(1 + (1 / Shape(shape)));
}

/// <summary>Log-normal: the logarithm is normal with deviation sigma.</summary>
public sealed class LogNormalDuration : DurationModel
{
    /// <summary>Greatest deviation of the logarithm.</summary>
    public const double GreatestSigma = 5;

    private readonly double _sigma;
    private readonly double _median;

    private LogNormalDuration(double sigma, double median) => (_sigma, _median) = (sigma, median);

    public override double MeanSeconds => _median * MeanOverMedian(_sigma);

    public override double MedianSeconds => _median;

    /// <param name="sigma">Deviation of the logarithm, 0 to 5.</param>
    /// <param name="median">Half are shorter; also the scale of the law.</param>
    public static LogNormalDuration FromMedian(double sigma, TimeSpan median) => new(Sigma(sigma), Seconds(median, nameof(median)));

    /// <param name="sigma">Deviation of the logarithm, 0 to 5.</param>
    /// <param name="mean">median · e^(sigma² / 2).</param>
    public static LogNormalDuration FromMean(double sigma, TimeSpan mean) => new(Sigma(sigma), Seconds(mean, nameof(mean)) / MeanOverMedian(sigma));

    private protected override double Draw(ref Prng random) => _median * Samplers.Exp(_sigma * Samplers.Normal(ref random));

    // Chosen by their length, durations follow another log-normal law whose median is e^(sigma²) times as great.
    private protected override double DrawResidual(ref Prng random) => Draw(ref random) * Samplers.Exp(_sigma * _sigma) * Samplers.Uniform(ref random);

    private static double MeanOverMedian(double sigma) => Samplers.Exp(Sigma(sigma) * sigma / 2);

    private static double Sigma(double sigma)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sigma);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sigma, GreatestSigma);
        return sigma;
    }
}
