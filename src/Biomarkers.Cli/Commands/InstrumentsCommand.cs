using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers instruments</c>: the instruments that may send to a server, for who has the role admin.</summary>
public static class InstrumentsCommand
{
    private static readonly Argument<string> IdArgument = new("instrument") { Description = "Id of the instrument, such as reader-1." };

    private static readonly Argument<string> CertificateArgument = new("certificate") { Description = "File of the certificate (PEM), or its SHA-256 of 64 hexadecimal digits." };

    private static readonly Option<string> DisplayNameOption = new("--display-name") { Description = "Name for people.", HelpName = "TEXT" };

    private static readonly Option<string> ReasonOption = new("--reason") { Description = "Why; kept in the audit log.", HelpName = "TEXT" };

    private static readonly Option<string> NeededReasonOption = new("--reason") { Description = "Why; kept in the audit log.", HelpName = "TEXT", Required = true };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print JSON: one array for list, else one document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var enroll = new Command("enroll", "Let an instrument send, or a retired one again; a repeat changes nothing.") { IdArgument, DisplayNameOption, ReasonOption, JsonOption };
        ServerArguments.SetWork(enroll, EnrollAsync);
        var list = new Command("list", "List instruments.") { Pages.Limit, JsonOption };
        ServerArguments.SetWork(list, ListAsync);
        var retire = new Command("retire", "Let an instrument send no more: its keys are revoked, its certificates refused. What it sent stays.") { IdArgument, NeededReasonOption, JsonOption };
        ServerArguments.SetWork(retire, RetireAsync);
        var revoke = new Command("revoke-certificate", "Refuse one certificate of an instrument for ever.") { IdArgument, CertificateArgument, NeededReasonOption, JsonOption };
        ServerArguments.SetWork(revoke, RevokeAsync);
        return new Command("instruments", "Enroll, list or retire instruments. Exit codes: 0 done, 2 wrong arguments or input, or no answer.") { enroll, list, retire, revoke };
    }

    private static async Task<int> EnrollAsync(ServerCall call)
    {
        var request = new V1.EnrollInstrumentRequest
        {
            InstrumentId = Names.IdIn("instruments", call.Parsed.GetRequiredValue(IdArgument)),
            DisplayName = call.Parsed.GetValue(DisplayNameOption) ?? "",
            Reason = call.Parsed.GetValue(ReasonOption) ?? "",
        };
        return Print(call, await call.Connection.Access.EnrollInstrumentAsync(request, cancellationToken: call.CancellationToken));
    }

    private static async Task<int> RetireAsync(ServerCall call)
    {
        var request = new V1.RetireInstrumentRequest { Name = Id(call), Reason = call.Parsed.GetRequiredValue(NeededReasonOption) };
        return Print(call, await call.Connection.Access.RetireInstrumentAsync(request, cancellationToken: call.CancellationToken));
    }

    private static async Task<int> RevokeAsync(ServerCall call)
    {
        string certificate = call.Parsed.GetRequiredValue(CertificateArgument);
        string thumbprint = certificate;
        if (File.Exists(certificate))
        {
            try
            {
                using var read = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(certificate, call.CancellationToken));
                thumbprint = read.GetCertHashString(HashAlgorithmName.SHA256);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
            {
                return call.Console.Refuse(certificate, [new Fault("", FaultReasons.InvalidFile, $"Unable to read a certificate: {exception.Message}")]);
            }
        }

        var request = new V1.RevokeCertificateRequest { Instrument = Id(call), Sha256Thumbprint = thumbprint, Reason = call.Parsed.GetRequiredValue(NeededReasonOption) };
        return Print(call, await call.Connection.Access.RevokeCertificateAsync(request, cancellationToken: call.CancellationToken));
    }

    private static Task<int> ListAsync(ServerCall call) => Pages.ListAsync(
        call,
        "biomarkers instruments list",
        JsonOption,
        async (size, token) =>
        {
            var request = new V1.ListInstrumentsRequest { PageSize = size, PageToken = token };
            V1.ListInstrumentsResponse page = await call.Connection.Access.ListInstrumentsAsync(request, cancellationToken: call.CancellationToken);
            return new Page<V1.Instrument>(page.Instruments, page.NextPageToken);
        },
        InstrumentRow.Of,
        ListTables.Print);

    private static int Print(ServerCall call, V1.Instrument instrument)
    {
        InstrumentRow row = InstrumentRow.Of(instrument);
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(row);
        }
        else
        {
            string revoked = row.RevokedCertificates.Count > 0 ? $", {ListTables.Count(row.RevokedCertificates.Count, "certificate")} revoked" : "";
            call.Console.WriteLine($"{row.Name} is {row.State} since {ListTables.Time(row.RetireTime ?? row.EnrollTime)}{revoked}.");
        }

        return ExitCodes.Ok;
    }

    private static string Id(ServerCall call) => Names.InCollection("instruments", call.Parsed.GetRequiredValue(IdArgument));
}
