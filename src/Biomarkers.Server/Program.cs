using System.CommandLine;
using Biomarkers.Server.Demo;
using Biomarkers.Server.Verbs;

namespace Biomarkers.Server;

/// <summary>The executable <c>biomarkers-server</c>.</summary>
internal static class Program
{
    // The verbs, one line each; serve is what runs without a verb.
    private static Task<int> Main(string[] args)
    {
        RootCommand root = ServeVerb.CreateRoot();
        root.Subcommands.Add(ServeVerb.Create());
        root.Subcommands.Add(DemoVerb.Create());
        root.Subcommands.Add(HealthVerb.Create());
        root.Subcommands.Add(CertificatesVerb.Create());
        root.Subcommands.Add(MigrateVerb.Create());
        root.Subcommands.Add(BackupVerb.Create());
        root.Subcommands.Add(RestoreVerb.Create());
        return root.Parse(args).InvokeAsync();
    }
}
