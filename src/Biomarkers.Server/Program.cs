using System.CommandLine;
using Biomarkers.Server.Demo;
using Biomarkers.Server.Verbs;

namespace Biomarkers.Server;

/// <summary>The executable <c>biomarkers-server</c>.</summary>
internal static class Program
{
    // The verbs, one line each; serve is what runs without a verb.
    private static async Task<int> Main(string[] args)
    {
        RootCommand root = ServeVerb.CreateRoot();
        root.Subcommands.Add(ServeVerb.Create());
        root.Subcommands.Add(DemoVerb.Create());
        root.Subcommands.Add(HealthVerb.Create());
        root.Subcommands.Add(CertificatesVerb.Create());
        root.Subcommands.Add(MigrateVerb.Create());
        root.Subcommands.Add(BackupVerb.Create());
        root.Subcommands.Add(RestoreVerb.Create());
        ParseResult parsed = root.Parse(args);
        // A server handles its signals itself, because its drain may take longer than the two seconds after which the library ends the process.
        bool serves = parsed.CommandResult.Command is RootCommand or { Name: ServeVerb.Name };
        int code = serves ? await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }) : await parsed.InvokeAsync();
        return parsed.Errors.Count > 0 ? ExitCodes.NotStarted : code;
    }
}
