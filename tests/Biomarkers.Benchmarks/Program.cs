using System.CommandLine;
using Biomarkers.Benchmarks;

// What is timed, one line each.
var root = new RootCommand("Times the real server and the curve fit, beside bare limits in the same run. Compare ratios: absolute times are those of the machine and the moment. Exit codes: 0 done, 1 failed, 2 wrong arguments.")
{
    LatencyCommand.Create(),
    ThroughputCommand.Create(),
    FitCommand.Create(),
    BitsCommand.Create(),
    FuzzCommand.Create(),
    CoverageCommand.Create(),
    InterchangeCommand.Create(),
};
ParseResult parsed = root.Parse(args);
int code = await parsed.InvokeAsync();
return parsed.Errors.Count > 0 ? 2 : code;
