using System.CommandLine;
using Biomarkers.Server.Demo;
using Biomarkers.Server.Verbs;

// The verbs of biomarkers-server, one line each; serve is what runs without a verb.
RootCommand root = ServeVerb.CreateRoot();
root.Subcommands.Add(ServeVerb.Create());
root.Subcommands.Add(DemoVerb.Create());
root.Subcommands.Add(HealthVerb.Create());
root.Subcommands.Add(CertificatesVerb.Create());
return await root.Parse(args).InvokeAsync();
