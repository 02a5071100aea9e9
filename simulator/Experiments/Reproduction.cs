namespace Overlay.Simulator.Experiments;

/// <summary>A published experiment, done again with Overlay's own nodes. Its rows are independent of each other.</summary>
public abstract class Reproduction
{
    /// <summary>Its name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>What it shows, in a line.</summary>
    public abstract string Summary { get; }

    /// <summary>Where the published values stand.</summary>
    public abstract string Source { get; }

    /// <summary>Why ours are not the published values, where they are not. To be read below the table.</summary>
    public abstract IReadOnlyList<string> Reasons { get; }

    /// <summary>What the label of a row is.</summary>
    public abstract string RowTitle { get; }

    /// <summary>The labels of all rows, in order.</summary>
    public abstract IReadOnlyList<string> Rows(ReproductionSettings settings);

    /// <summary>Does one row.</summary>
    /// <param name="row">Its label, one of <see cref="Rows"/>.</param>
    /// <param name="settings">How.</param>
    /// <param name="progress">Told how much is done, from 0 to 1.</param>
    /// <exception cref="OperationCanceledException"><see cref="ReproductionSettings.Stop"/> asked for an end.</exception>
    public abstract ReproducedRow Measure(string row, ReproductionSettings settings, Action<double> progress);
}

/// <summary>How a reproduction is done.</summary>
public sealed record ReproductionSettings
{
    /// <summary>Decides everything that chance decides.</summary>
    /// <value>Default 1.</value>
    public ulong Seed { get; init; } = 1;

    /// <summary>Shorter: the same experiment with fewer look-ups or less simulated time, so with wider error.</summary>
    public bool IsQuick { get; init; }

    /// <summary>Another number of nodes than the published one; null: as published. The published values then are those of another network.</summary>
    public int? Nodes { get; init; }

    /// <summary>Asks for an end.</summary>
    public CancellationToken Stop { get; init; }
}

/// <summary>One row of the table.</summary>
/// <param name="Label">Which.</param>
/// <param name="Figures">The same figures, in the same order, as in every other row.</param>
public sealed record ReproducedRow(string Label, IReadOnlyList<Figure> Figures)
{
    /// <summary>What is to be known of this row besides: failures by reason, and the like.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Whether every bar of the row is met.</summary>
    public bool IsMet => Figures.All(static figure => figure.IsMet);
}

/// <summary>One measured value, beside the published one and the bar it must meet.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">Ours; null where nothing could be measured.</param>
public sealed record Figure(string Name, double? Value)
{
    /// <summary>Digits after the point.</summary>
    public int Digits { get; init; } = 2;

    /// <summary>The published value; null where there is none.</summary>
    public double? Published { get; init; }

    /// <summary>Ours may not be more.</summary>
    public double? AtMost { get; init; }

    /// <summary>Ours may not be less.</summary>
    public double? AtLeast { get; init; }

    /// <summary>Ours may be away from the published value by this share of it.</summary>
    public double? Within { get; init; }

    /// <summary>By what share of the published value ours is above it; null where that has no meaning.</summary>
    public double? Deviation => Published is { } published && published != 0 ? (Value - published) / published : null;

    /// <summary>Whether there is a bar.</summary>
    public bool HasBar => AtMost is not null || AtLeast is not null || Within is not null;

    /// <summary>Whether the value meets its bars. One that is not there meets none.</summary>
    public bool IsMet => !HasBar || (Value is { } value
        && !(value > AtMost) && !(value < AtLeast)
        && (Within is not { } within || (Deviation is { } deviation ? Math.Abs(deviation) <= within : value == Published)));
}
