using System.Text.Json.Serialization;

namespace Overlay.Simulator.Reports;

/// <summary>The numbers that the page's script draws.</summary>
/// <param name="End">Simulated seconds in all.</param>
/// <param name="Bands">The phases.</param>
/// <param name="Faults">What was done to the network.</param>
/// <param name="Charts">The figures, in order.</param>
internal sealed record PageData(double End, IReadOnlyList<Band> Bands, IReadOnlyList<FaultMark> Faults, IReadOnlyList<Chart> Charts);

/// <summary>A phase behind the curves; seconds.</summary>
internal sealed record Band(string Name, double From, double To);

/// <summary>A moment at which something was done; seconds.</summary>
internal sealed record FaultMark(double T, string Text);

/// <summary>A figure.</summary>
[JsonDerivedType(typeof(TimeChart), "time")]
[JsonDerivedType(typeof(BarChart), "bars")]
[JsonDerivedType(typeof(SweepChart), "sweep")]
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
internal abstract record Chart(string Id, string Title, string Unit)
{
    /// <summary>What stands beside the title.</summary>
    [JsonIgnore]
    public virtual string Caption => Unit;
}

/// <summary>Values over simulated time.</summary>
internal sealed record TimeChart(string Id, string Title, string Unit, IReadOnlyList<ChartSeries> Series) : Chart(Id, Title, Unit)
{
    /// <summary>The values are shares and shown as such.</summary>
    public bool Percent { get; init; }

    /// <summary>The series are parts of a whole.</summary>
    public bool Stacked { get; init; }
}

/// <summary>A curve: pairs of seconds and value; null is a gap.</summary>
internal sealed record ChartSeries(string Name, IReadOnlyList<double?[]> Points)
{
    /// <summary>The number of its colour; null: its place in the chart.</summary>
    public int? Color { get; init; }
}

/// <summary>How often which value came.</summary>
internal sealed record BarChart(string Id, string Title, string Unit) : Chart(Id, Title, Unit)
{
    [JsonIgnore]
    public override string Caption => "share in %";

    public required long Count { get; init; }

    public required double Mean { get; init; }

    public required double P50 { get; init; }

    public required double P99 { get; init; }

    public required double Max { get; init; }

    public required double From { get; init; }

    public required double To { get; init; }

    /// <summary>A logarithmic axis.</summary>
    public bool Log { get; init; }

    public int Color { get; init; }

    /// <summary>From, to, count.</summary>
    public required IReadOnlyList<double[]> Bars { get; init; }
}

/// <summary>Means over the values of one key, with confidence intervals.</summary>
internal sealed record SweepChart(string Id, string Title, string Unit, string Key) : Chart(Id, Title, Unit)
{
    public bool Percent { get; init; }

    public bool LogX { get; init; }

    /// <summary>The values of the key, in order.</summary>
    public required IReadOnlyList<SweepPlace> X { get; init; }

    /// <summary>Triples: place, mean, half of the interval.</summary>
    public required IReadOnlyList<ChartSeries> Series { get; init; }
}

/// <summary>A value of the key and where it stands on the axis.</summary>
internal sealed record SweepPlace(double Value, string Label);
