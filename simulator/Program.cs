using System.CommandLine;
using Overlay.Simulator.Commands;
using Overlay.Simulator.Metrics;
using Overlay.Simulator.Runs;

Func<ISimulation> simulation = () => new SimulationRun();
var root = new RootCommand("Runs Overlay's own nodes in virtual time.")
{
    RunCommand.Create(simulation), ReplayCommand.Create(simulation), SweepCommand.Create(simulation), SweepCommand.CreateMerge(simulation),
    ListCommand.Create(), ListCommand.CreateShow(), ListCommand.CreateSchema(), SchedulesCommand.Create(), BenchCommand.Create(),
    ReproduceCommand.Create(),
};
var result = root.Parse(args);
return result.Errors.Count > 0 ? CommandFailures.Report(result) : await result.InvokeAsync();
