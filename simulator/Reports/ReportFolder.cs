using Overlay.Simulator.Metrics;

namespace Overlay.Simulator.Reports;

/// <summary>Writes the report of a run: <c>report.html</c> for people, <c>result.json</c> and <c>samples.csv</c> for programs.</summary>
public static class ReportFolder
{
    /// <summary>The page.</summary>
    public const string PageName = "report.html";

    /// <summary>The whole result.</summary>
    public const string ResultName = "result.json";

    /// <summary>The samples.</summary>
    public const string SamplesName = "samples.csv";

    /// <summary>Writes all of it; the folder is made where there is none.</summary>
    /// <returns>The full path of the page.</returns>
    public static string Write(RunResult result, string folder)
    {
        AtomicFile.Write(Path.Combine(folder, ResultName), ResultJson.ToText(result) + "\n");
        AtomicFile.Write(Path.Combine(folder, SamplesName), SamplesCsv.ToText(result.Samples));
        var page = Path.GetFullPath(Path.Combine(folder, PageName));
        AtomicFile.Write(page, RunReport.ToPage(result));
        return page;
    }
}
