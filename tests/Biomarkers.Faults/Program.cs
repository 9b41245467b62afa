using System.CommandLine;
using Biomarkers.Faults;
using Biomarkers.Faults.Cases;
using Biomarkers.Faults.Delivery;
using Biomarkers.Faults.Fuzzing;
using Biomarkers.Faults.Recomputing;

// The faults that can be made, one line each.
var root = new RootCommand("Breaks the real server on purpose. Exit codes: 0 nothing was lost, repeated or changed, 1 something was, 2 wrong arguments.")
{
    KillCommand.Create(),
    DatabaseCommand.Create(),
    RestoreCommand.Create(),
    RollingCommand.Create(),
    FuzzCommand.Create(),
    PowerCommand.Create(),
    IoCommand.Create(),
    NetCommand.Create(),
    ModelCommand.Create(),
    DeliverCommand.Create(),
    OverloadCommand.Create(),
    DrainCommand.Create(),
    CasesCommand.Create(),
    AdapterCommand.Create(),
    BitrotCommand.Create(),
    TamperCommand.Create(),
    RecomputeCommand.Create(),
    FullCommand.Create(),
    ClockCommand.Create(),
};
ParseResult parsed = root.Parse(args);
int code = await parsed.InvokeAsync();
return parsed.Errors.Count > 0 ? 2 : code;
