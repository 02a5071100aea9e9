using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overlay.Simulator.Reports;

/// <summary>Builds a page that needs nothing but itself: style and script inside, text encoded.</summary>
internal sealed class Html
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        // The default encoder writes < > & as escapes, so that no text can end the script element.
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly StringBuilder _text = new();

    /// <summary>Markup as it is.</summary>
    public Html Raw(string markup)
    {
        _text.Append(markup);
        return this;
    }

    /// <summary>A text, encoded.</summary>
    public Html Text(string text)
    {
        _text.Append(WebUtility.HtmlEncode(text));
        return this;
    }

    /// <summary>A heading of a part.</summary>
    public Html Part(string title) => Raw("<h2>").Text(title).Raw("</h2>\n");

    /// <summary>The places of figures; the script fills them.</summary>
    public Html Figures(IEnumerable<Chart> charts, string size = "")
    {
        Raw($"<div class=\"charts {size}\">\n");
        foreach (var chart in charts)
        {
            Raw($"<figure class=\"panel\" id=\"{chart.Id}\"><figcaption><h3>").Text(chart.Title).Raw("<span class=\"unit\">").Text(chart.Caption)
                .Raw("</span></h3><span class=\"when\"></span></figcaption><div class=\"legend\"></div><svg class=\"plot\" role=\"img\" aria-label=\"").Text(chart.Title)
                .Raw("\" height=\"190\"></svg></figure>\n");
        }

        return Raw("</div>\n");
    }

    /// <summary>A table. A header that begins with # has numbers below it.</summary>
    public Html Table(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<Cell>> rows)
    {
        Raw("<div class=\"scroll\"><table><thead><tr>");
        foreach (var header in headers)
        {
            Raw(header.StartsWith('#') ? "<th class=\"n\" scope=\"col\">" : "<th scope=\"col\">").Text(header.TrimStart('#')).Raw("</th>");
        }

        Raw("</tr></thead><tbody>\n");
        foreach (var row in rows)
        {
            Raw("<tr>");
            for (var i = 0; i < row.Count; i++)
            {
                WriteCell(row[i], i < headers.Count && headers[i].StartsWith('#'));
            }

            Raw("</tr>\n");
        }

        return Raw("</tbody></table></div>\n");
    }

    /// <summary>The whole page.</summary>
    public string ToPage(string title, PageData data) => $$"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{{WebUtility.HtmlEncode(title)}}</title>
        <link rel="icon" href="data:,">
        <style>
        {{Resource("report.css")}}</style>
        </head>
        <body>
        <main>
        {{_text}}</main>
        <script id="data" type="application/json">{{JsonSerializer.Serialize(data, Json)}}</script>
        <script>
        {{Resource("report.js")}}</script>
        </body>
        </html>

        """.ReplaceLineEndings("\n");

    private void WriteCell(Cell cell, bool isNumber)
    {
        var classes = string.Join(' ', new[] { isNumber ? "n" : "", cell.Class, cell.Share is null ? "" : "bar" }.Where(one => one.Length > 0));
        Raw(classes.Length > 0 ? $"<td class=\"{classes}\">" : "<td>").Text(cell.Text);
        if (cell.Share is { } share)
        {
            Raw(FormattableString.Invariant($"<span style=\"width:{100 * share:0.#}%\"></span>"));
        }

        Raw("</td>");
    }

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(Html).Assembly.GetManifestResourceStream("report:" + name)!);
        return reader.ReadToEnd();
    }
}

/// <summary>A cell of a table: a text, perhaps in a class of the page's style, perhaps with a bar that shows a share.</summary>
internal readonly record struct Cell(string Text, string Class = "", double? Share = null)
{
    public static implicit operator Cell(string text) => new(text);
}
