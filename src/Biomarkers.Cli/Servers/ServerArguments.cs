using System.CommandLine;
using Biomarkers.Client;
using Biomarkers.Client.Pulling;
using Grpc.Core;

namespace Biomarkers.Cli.Servers;

/// <summary>The options of every command that talks to a server, and what becomes of its errors.</summary>
internal static class ServerArguments
{
    private static readonly Option<string> Server = new("--server")
    {
        Description = $"Address of the server. Default: that of {BiomarkersConnection.ServerVariable}, else {BiomarkersConnection.DefaultServer}.",
        HelpName = "URL",
    };

    private static readonly Option<string> KeyFile = new("--key-file")
    {
        Description = $"File with the key. Default: that of {ClientKey.FileVariable}, else biomarkers/client.key in the local application data.",
        HelpName = "FILE",
    };

    private static readonly Option<string> Authority = new("--ca")
    {
        Description = "Certificates (PEM) of the laboratory's own authority, the only one that is trusted then.",
        HelpName = "FILE.pem",
    };

    private static readonly Option<string> Certificate = new("--client-certificate")
    {
        Description = "Client certificate (PEM) of an instrument, by which it is known in place of a key.",
        HelpName = "FILE.pem",
    };

    private static readonly Option<string> CertificateKey = new("--client-certificate-key") { Description = "Private key (PEM) of the client certificate.", HelpName = "FILE.pem" };

    private const string ReauthRequired = "REAUTH_REQUIRED";

    /// <summary>Gives a command these options and its work.</summary>
    /// <param name="command">The command.</param>
    /// <param name="work">What it does with a connection; returns an exit code.</param>
    public static void SetWork(Command command, Func<ServerCall, Task<int>> work)
    {
        foreach (Option option in new Option[] { Server, KeyFile, Authority, Certificate, CertificateKey })
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, work, cancellationToken));
    }

    private static async Task<int> RunAsync(ParseResult parsed, Func<ServerCall, Task<int>> work, CancellationToken cancellationToken)
    {
        var console = new CommandConsole(parsed);
        string source = PathOf(parsed.CommandResult.Command);
        string? server = parsed.GetValue(Server);
        if (server is not null && !Uri.TryCreate(server, UriKind.Absolute, out _))
        {
            console.Tell($"--server: '{server}' is no address; expected one such as {BiomarkersConnection.DefaultServer}.");
            return ExitCodes.BadInput;
        }

        try
        {
            using var connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions
            {
                Server = server is null ? null : new Uri(server),
                KeyFile = parsed.GetValue(KeyFile),
                CertificateAuthorityFile = parsed.GetValue(Authority),
                ClientCertificateFile = parsed.GetValue(Certificate),
                ClientCertificateKeyFile = parsed.GetValue(CertificateKey),
            });
            return await WorkAsync(new ServerCall(connection, console, parsed, cancellationToken), source, work);
        }
        catch (BiomarkersClientException exception)
        {
            console.Tell($"{source}: {exception.Message}");
            return ExitCodes.BadInput;
        }
    }

    private static async Task<int> WorkAsync(ServerCall call, string source, Func<ServerCall, Task<int>> work)
    {
        try
        {
            return await work(call);
        }
        catch (RpcException exception)
        {
            if (ConnectionCause.Of(call.Connection.Server, exception) is { } cause)
            {
                call.Console.Tell($"{source}: {cause}");
                return ExitCodes.BadInput;
            }

            Tell(call, source, RpcFault.Of(exception), exception.Status.DebugException?.GetBaseException().Message ?? exception.Status.Detail);
        }
        catch (ResultPullerException exception)
        {
            if (exception.Reason == PullStopReason.OutOfReach)
            {
                call.Console.Tell($"{source}: {ConnectionCause.Of(call.Connection.Server, exception) ?? $"Unable to reach {call.Connection.Server}: {OneLine(exception.Message)}"}");
            }
            else
            {
                Tell(call, source, exception.Fault, exception.Message);
            }
        }
        catch (PlateReadSenderException exception)
        {
            if (ConnectionCause.Of(call.Connection.Server, exception) is { } cause)
            {
                call.Console.Tell($"{source}: {cause}");
            }
            else if (exception is { Reason: SenderStopReason.OutOfReach, Fault: not null })
            {
                call.Console.Tell($"{source}: {call.Connection.Server} takes nothing for now: {OneLine(exception.Message)}");
            }
            else if (exception.Reason == SenderStopReason.OutOfReach)
            {
                call.Console.Tell($"{source}: Unable to reach {call.Connection.Server}: {OneLine(exception.Message)}");
            }
            else
            {
                Tell(call, source, exception.Fault, exception.Message);
            }
        }

        return ExitCodes.BadInput;
    }

    private static void Tell(ServerCall call, string source, RpcFault? fault, string message)
    {
        switch (fault?.Code)
        {
            case StatusCode.Unavailable or StatusCode.DeadlineExceeded:
                call.Console.Tell($"{source}: Unable to reach {call.Connection.Server}: {OneLine(message)}");
                break;
            // The key is good; who signs has to prove it again.
            case StatusCode.Unauthenticated when fault.Reason != ReauthRequired:
                call.Console.Tell($"{source}: {call.Connection.Server} does not accept the {(call.Parsed.GetValue(Certificate) is null ? "key" : "certificate")}.{WhyNot(fault)} {PlaceOfKey(call.Parsed)}");
                break;
            case null:
                call.Console.Tell($"{source}: {OneLine(message)}");
                break;
            // The sentence of a single fault is that of the whole.
            case { } code when fault.Fields is [var field] && message.Contains(field.Description, StringComparison.Ordinal):
                call.Console.Tell($"{source}: {code} ({fault.Reason}): {(field.Field.Length == 0 ? "" : $"{field.Field}: ")}{field.Description}");
                break;
            default:
                foreach (string line in fault.ToString().Split('\n'))
                {
                    call.Console.Tell($"{source}: {line.TrimEnd()}");
                }

                break;
        }
    }

    // Of a credential that it knows, or knew, the server says what is wrong with it.
    private static string WhyNot(RpcFault fault) => fault.Message.StartsWith("The ", StringComparison.Ordinal) ? $" {OneLine(fault.Message)}" : "";

    private static string PlaceOfKey(ParseResult parsed)
    {
        string? named = parsed.GetValue(KeyFile);
        if (named is null && parsed.GetValue(Certificate) is { } certificate)
        {
            return $"The certificate is that of --client-certificate '{certificate}'.";
        }

        string? variable = Environment.GetEnvironmentVariable(ClientKey.FileVariable);
        return (named, variable) switch
        {
            ({ } file, _) => $"The key is that of --key-file '{file}'.",
            (null, { Length: > 0 } file) => $"The key is that of '{file}', which {ClientKey.FileVariable} names.",
            _ when File.Exists(ClientKey.DefaultPath) => $"The key is that of '{ClientKey.DefaultPath}'; --key-file or {ClientKey.FileVariable} names another file.",
            _ => $"No key was sent: --key-file and {ClientKey.FileVariable} name no file and there is none at '{ClientKey.DefaultPath}'.",
        };
    }

    // The executable may run under another name, as it does in a test: its own is what a person typed.
    private static string PathOf(Command command) => command.Parents.OfType<Command>().FirstOrDefault() switch
    {
        null => "biomarkers",
        RootCommand => $"biomarkers {command.Name}",
        { } parent => $"{PathOf(parent)} {command.Name}",
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();
}

/// <summary>One command at work.</summary>
/// <param name="Connection">The server.</param>
/// <param name="Console">Where answers go.</param>
/// <param name="Parsed">The command line.</param>
/// <param name="CancellationToken">Ends the command.</param>
internal sealed record ServerCall(BiomarkersConnection Connection, CommandConsole Console, ParseResult Parsed, CancellationToken CancellationToken);
