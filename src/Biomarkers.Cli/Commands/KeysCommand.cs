using System.CommandLine;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers keys</c>: the keys of a server, for who has the role admin.</summary>
public static class KeysCommand
{
    private static readonly Argument<string> KeyArgument = new("key") { Description = "Id of a key, as 'keys list' shows it." };

    private static readonly Option<string> NameOption = new("--name") { Description = "Who or what holds the key, such as kim or lims-1.", Required = true, HelpName = "NAME" };

    private static readonly Option<string[]> RoleOption = new("--role")
    {
        Description = $"What it may do; may stand several times: {Names.WordsOf<V1.Role>()}.",
        Required = true,
        HelpName = "ROLE",
    };

    private static readonly Option<string> InstrumentOption = new("--instrument") { Description = "The one instrument that it sends for, with --role instrument.", HelpName = "ID" };

    private static readonly Option<int?> DaysOption = new("--days") { Description = "How long it is accepted. Default 365, at most what the server allows.", HelpName = "N" };

    private static readonly Option<int> OverlapOption = new("--overlap-days") { Description = "How long the old key goes on, 0 to 30.", HelpName = "N", DefaultValueFactory = _ => 7 };

    private static readonly Option<string> OutOption = new("--out") { Description = "New file for the key, readable by its owner only, in place of printing it.", HelpName = "FILE" };

    private static readonly Option<string> ReasonOption = new("--reason") { Description = "Why; kept in the audit log.", HelpName = "TEXT" };

    private static readonly Option<string> NeededReasonOption = new("--reason") { Description = "Why; kept in the audit log.", HelpName = "TEXT", Required = true };

    private static readonly Option<bool> AllOption = new("--all") { Description = "Expired and revoked keys too." };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print JSON: one array for list and denials, else one document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var create = new Command("create", "Make a key. It is shown this once.") { NameOption, RoleOption, InstrumentOption, DaysOption, OutOption, ReasonOption, JsonOption };
        ServerArguments.SetWork(create, call => MakeAsync(call, "create", CreateAsync));
        var list = new Command("list", "List keys, newest first.") { AllOption, Pages.Limit, JsonOption };
        ServerArguments.SetWork(list, ListAsync);
        var rotate = new Command("rotate", "Make a second key like a first one, which goes on for a while. It is shown this once.")
        {
            KeyArgument, OverlapOption, DaysOption, OutOption, ReasonOption, JsonOption,
        };
        ServerArguments.SetWork(rotate, call => MakeAsync(call, "rotate", RotateAsync));
        var revoke = new Command("revoke", "Revoke a key for ever, within 10 s on every server.") { KeyArgument, NeededReasonOption, JsonOption };
        ServerArguments.SetWork(revoke, RevokeAsync);
        var denials = new Command("denials", "List refused calls, newest first: one line per caller, method, reason and minute.") { Pages.Limit, JsonOption };
        ServerArguments.SetWork(denials, DenialsAsync);
        return new Command("keys", "Make, list, rotate or revoke keys. Exit codes: 0 done, 2 wrong arguments or input, or no answer.") { create, list, rotate, revoke, denials };
    }

    private static async Task<V1.CreateKeyResponse> CreateAsync(ServerCall call, List<Fault> faults)
    {
        var request = new V1.CreateKeyRequest
        {
            DisplayName = call.Parsed.GetRequiredValue(NameOption),
            Roles = { call.Parsed.GetRequiredValue(RoleOption).Select(role => Names.ReadWord<V1.Role>("--role", role, faults)) },
            Instrument = Names.InCollection("instruments", call.Parsed.GetValue(InstrumentOption)),
            ValidFor = DaysOf(call.Parsed.GetValue(DaysOption)),
            Reason = call.Parsed.GetValue(ReasonOption) ?? "",
        };
        return faults.Count > 0 ? new V1.CreateKeyResponse() : await call.Connection.Access.CreateKeyAsync(request, cancellationToken: call.CancellationToken);
    }

    private static async Task<V1.CreateKeyResponse> RotateAsync(ServerCall call, List<Fault> faults)
    {
        var request = new V1.RotateKeyRequest
        {
            Name = KeyName(call),
            Overlap = DaysOf(call.Parsed.GetValue(OverlapOption)),
            ValidFor = DaysOf(call.Parsed.GetValue(DaysOption)),
            Reason = call.Parsed.GetValue(ReasonOption) ?? "",
        };
        return await call.Connection.Access.RotateKeyAsync(request, cancellationToken: call.CancellationToken);
    }

    private static async Task<int> MakeAsync(ServerCall call, string command, Func<ServerCall, List<Fault>, Task<V1.CreateKeyResponse>> makeAsync)
    {
        string? path = call.Parsed.GetValue(OutOption);
        SecretFile? file;
        try
        {
            // First: a key that can be kept nowhere would only have to be revoked.
            file = path is null ? null : SecretFile.Create(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return call.Console.Refuse($"biomarkers keys {command}", [new Fault("--out", FaultReasons.InvalidFile, exception.Message)]);
        }

        using (file)
        {
            List<Fault> faults = [];
            V1.CreateKeyResponse made = await makeAsync(call, faults);
            if (faults.Count > 0)
            {
                return call.Console.Refuse($"biomarkers keys {command}", faults);
            }

            file?.Write(made.Secret);
            Print(call, KeyRow.Of(made.Key) with { Secret = file is null ? made.Secret : null }, path);
            return ExitCodes.Ok;
        }
    }

    private static void Print(ServerCall call, KeyRow key, string? path)
    {
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(key);
            return;
        }

        call.Console.WriteLine($"Made {key.Name} of {key.DisplayName}: {string.Join(", ", key.Roles)}{(key.Instrument is null ? "" : $" for {key.Instrument}")}, until {Time(key.ExpireTime)}.");
        call.Console.WriteLine(path is null ? $"The key, shown this once: {key.Secret}" : $"The key is in '{path}' and nowhere else.");
    }

    private static Task<int> ListAsync(ServerCall call) => Pages.ListAsync(
        call,
        "biomarkers keys list",
        JsonOption,
        async (size, token) =>
        {
            var request = new V1.ListKeysRequest { PageSize = size, PageToken = token, ShowInactive = call.Parsed.GetValue(AllOption) };
            V1.ListKeysResponse page = await call.Connection.Access.ListKeysAsync(request, cancellationToken: call.CancellationToken);
            return new Page<V1.AccessKey>(page.Keys, page.NextPageToken);
        },
        KeyRow.Of,
        ListTables.Print);

    private static async Task<int> RevokeAsync(ServerCall call)
    {
        var request = new V1.RevokeKeyRequest { Name = KeyName(call), Reason = call.Parsed.GetRequiredValue(NeededReasonOption) };
        KeyRow key = KeyRow.Of(await call.Connection.Access.RevokeKeyAsync(request, cancellationToken: call.CancellationToken));
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(key);
        }
        else
        {
            call.Console.WriteLine($"{key.Name} of {key.DisplayName} is revoked since {Time(key.RevokeTime)}.");
        }

        return ExitCodes.Ok;
    }

    private static Task<int> DenialsAsync(ServerCall call) => Pages.ListAsync(
        call,
        "biomarkers keys denials",
        JsonOption,
        async (size, token) =>
        {
            var request = new V1.ListDenialsRequest { PageSize = size, PageToken = token };
            V1.ListDenialsResponse page = await call.Connection.Access.ListDenialsAsync(request, cancellationToken: call.CancellationToken);
            return new Page<V1.Denial>(page.Denials, page.NextPageToken);
        },
        DenialRow.Of,
        ListTables.Print);

    private static string KeyName(ServerCall call) => Names.InCollection("keys", call.Parsed.GetRequiredValue(KeyArgument));

    private static Duration? DaysOf(int? days) => days is { } number ? new Duration { Seconds = number * 86_400L } : null;

    private static string Time(DateTimeOffset? time) => ListTables.Time(time);
}
