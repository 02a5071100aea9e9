using System.CommandLine;
using Overlay.Simulator.Commands;

var root = new RootCommand("Runs Overlay's own nodes in virtual time.")
{
    ListCommand.Create(), ListCommand.CreateShow(), ListCommand.CreateSchema(), SchedulesCommand.Create(), BenchCommand.Create(),
};
var result = root.Parse(args);
return result.Errors.Count > 0 ? CommandFailures.Report(result) : await result.InvokeAsync();
