using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenTelemetry.Exporter;
using Overlay.Nodes;

namespace Overlay.Exporting.Tests;

public sealed class OtlpOptionsTests
{
    private static Func<string, string?> Environment(params (string Name, string Value)[] variables) =>
        name => variables.FirstOrDefault(one => one.Name == name).Value;

    [Fact]
    public void Nothing_is_exported_where_nobody_asks_for_it() => Assert.Null(OtlpExport.Create(new OtlpOptions(), Environment()));

    [Fact]
    public void The_standard_variables_name_the_collector()
    {
        var settings = new OtlpOptions().Resolve(Environment(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/"), ("OTEL_SERVICE_NAME", "here")));

        Assert.Equal(new OtlpTarget(new Uri("http://collector:4318/v1/traces"), OtlpExportProtocol.HttpProtobuf), settings.Traces);
        Assert.Equal(new OtlpTarget(new Uri("http://collector:4318/v1/metrics"), OtlpExportProtocol.HttpProtobuf), settings.Metrics);
        Assert.Equal("here", settings.ServiceName);
    }

    [Fact]
    public void A_variable_of_one_signal_is_taken_as_it_is()
    {
        var settings = new OtlpOptions().Resolve(Environment(("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4318/here"), ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf")));

        Assert.Equal(new OtlpTarget(new Uri("http://traces:4318/here"), OtlpExportProtocol.HttpProtobuf), settings.Traces);
        Assert.Null(settings.Metrics);
    }

    [Fact]
    public void By_grpc_the_address_has_no_path()
    {
        var settings = new OtlpOptions().Resolve(Environment(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")));

        Assert.Equal(new OtlpTarget(new Uri("http://collector:4317"), OtlpExportProtocol.Grpc), settings.Traces);
    }

    [Theory]
    [InlineData("OTEL_SDK_DISABLED", "true", false, false)]
    [InlineData("OTEL_TRACES_EXPORTER", "none", false, true)]
    [InlineData("OTEL_METRICS_EXPORTER", "none", true, false)]
    public void What_is_switched_off_is_not_exported(string name, string value, bool traces, bool metrics)
    {
        var settings = new OtlpOptions().Resolve(Environment(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"), (name, value)));

        Assert.Equal((traces, metrics), (settings.Traces is not null, settings.Metrics is not null));
    }

    [Fact]
    public void Options_go_before_variables()
    {
        var options = new OtlpOptions { Endpoint = new Uri("http://option:1"), Protocol = "grpc", ServiceName = "option" };

        var settings = options.Resolve(Environment(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://variable:1"), ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://variable:2"), ("OTEL_SERVICE_NAME", "variable")));

        Assert.Equal(new OtlpSettings(new(new Uri("http://option:1"), OtlpExportProtocol.Grpc), new(new Uri("http://option:1"), OtlpExportProtocol.Grpc), "option"), settings);
    }

    [Theory]
    [InlineData("ftp://collector", null, "Endpoint: 'ftp://collector/'")]
    [InlineData("http://collector", "http/json", "Protocol: 'http/json'")]
    public void A_value_that_cannot_work_is_named(string endpoint, string? protocol, string mentions)
    {
        var thrown = Assert.Throws<ArgumentException>(() => OtlpExport.Create(new OtlpOptions { Endpoint = new Uri(endpoint), Protocol = protocol }, Environment()));

        Assert.StartsWith(mentions, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_nodes_of_a_generic_host_export_where_its_configuration_says_to()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Overlay:Otlp:Endpoint", "http://collector:4318"), new("Overlay:Node:Port", "0")]).Build();
        using var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddOverlayNode().AddOverlayTelemetry().Services.BuildServiceProvider();

        Assert.IsType<OtlpExport>(services.GetRequiredService<IOptions<NodeOptions>>().Value.Export);
    }
}
