namespace Overlay.Architecture.Tests;

public sealed class ReadmeExampleTests
{
    private const string Compiled = "class A\n{\n    void M()\n    {\n        var a = 1;\n        a++;\n    }\n}\n";

    [Fact]
    public void The_example_in_README_is_the_code_that_the_tests_compile()
    {
        var compiled = Repository.TextFiles.SingleOrDefault(file => file.Path == ReadmeExample.CompiledIn);
        Assert.SkipWhen(compiled is null, $"{ReadmeExample.CompiledIn} is not there");

        Verdict.None(ReadmeExample.Violations(Repository.File("README.md").Text, compiled!.Text));
    }

    [Fact]
    public void An_example_that_is_compiled_is_fine() => Verdict.None(ReadmeExample.Violations("# A\n```csharp\nvar a = 1;\na++;\n```\n", Compiled));

    [Theory]
    [InlineData("```csharp\nvar a = 2;\na++;\n```", "README's line: var a = 2;")]
    [InlineData("```csharp\na++;\nvar a = 1;\n```", "another order")]
    [InlineData("no code", "no C# example")]
    public void An_example_that_rots_is_seen(string readme, string mentions) => Verdict.One(ReadmeExample.Violations(readme, Compiled), mentions);
}
