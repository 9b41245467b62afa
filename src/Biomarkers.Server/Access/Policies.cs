using Microsoft.AspNetCore.Authorization;

namespace Biomarkers.Server.Access;

/// <summary>What a caller may do, by role. Every method names its policy; without one a call is denied.</summary>
/// <remarks>Results are for those who judge or inspect them: analyst, reviewer, auditor. An admin decides who may see them and sees none; a LIMS gets
/// what is released, by delivery. An instrument sends and sees of its own alone, see <see cref="InstrumentAccess"/>.</remarks>
internal static class Policies
{
    /// <summary>Send plate reads and ask for the state of a stream.</summary>
    public const string SendReads = "send-reads";

    /// <summary>See plates, runs and results.</summary>
    public const string ReadResults = "read-results";

    /// <summary>See one plate by its barcode; an instrument those that it read.</summary>
    public const string ReadPlate = "read-plate";

    /// <summary>See assays: whoever sends needs their analytes, whoever changes them their content.</summary>
    public const string ReadAssays = "read-assays";

    /// <summary>Give a plate its layout.</summary>
    public const string ChangeLayouts = "change-layouts";

    /// <summary>Create versions of assays.</summary>
    public const string ManageAssays = "manage-assays";

    /// <summary>Release, correct, withdraw and sign results, lift holds, link repeats.</summary>
    public const string ReviewResults = "review-results";

    /// <summary>Have a plate analysed anew, with wells left out or by another assay.</summary>
    public const string Reanalyze = "reanalyze";

    /// <summary>See what was quarantined.</summary>
    public const string ReadQuarantine = "read-quarantine";

    /// <summary>Decide what becomes of what was refused or is held, and place holds on results.</summary>
    public const string DecideHolds = "decide-holds";

    /// <summary>See instruments, keys without their secrets, and denials.</summary>
    public const string ReadAccess = "read-access";

    /// <summary>See the audit log and have it verified.</summary>
    public const string ReadAudit = "read-audit";

    /// <summary>Make subscriptions and take what is released through them; one's own alone.</summary>
    public const string TakeResults = "take-results";

    /// <summary>See subscriptions with their backlog, without any result; a LIMS its own.</summary>
    public const string ReadSubscriptions = "read-subscriptions";

    /// <summary>Enroll and retire instruments, make and revoke keys.</summary>
    public const string ManageAccess = "manage-access";

    private static readonly Dictionary<string, string[]> RolesOf = new()
    {
        [SendReads] = [Roles.Instrument],
        [ReadResults] = [Roles.Analyst, Roles.Reviewer, Roles.Auditor],
        [ReadPlate] = [Roles.Instrument, Roles.Analyst, Roles.Reviewer, Roles.Auditor],
        [ReadAssays] = [Roles.Instrument, Roles.Analyst, Roles.Reviewer, Roles.Auditor, Roles.Admin],
        [ChangeLayouts] = [Roles.Analyst],
        [ManageAssays] = [Roles.Admin],
        [ReviewResults] = [Roles.Reviewer],
        [Reanalyze] = [Roles.Analyst, Roles.Reviewer],
        [DecideHolds] = [Roles.Analyst, Roles.Reviewer],
        [ReadQuarantine] = [Roles.Instrument, Roles.Analyst, Roles.Reviewer, Roles.Auditor],
        [ReadAccess] = [Roles.Admin, Roles.Auditor],
        [ReadAudit] = [Roles.Admin, Roles.Auditor],
        [TakeResults] = [Roles.Lims],
        [ReadSubscriptions] = [Roles.Lims, Roles.Admin, Roles.Auditor],
        [ManageAccess] = [Roles.Admin],
    };

    /// <summary>Names of all policies.</summary>
    public static IReadOnlyCollection<string> All => RolesOf.Keys;

    /// <summary>Roles that may call a method, in words; empty where none may.</summary>
    public static string RolesFor(Endpoint? endpoint) =>
        endpoint?.Metadata.GetMetadata<IAuthorizeData>()?.Policy is { } policy && RolesOf.TryGetValue(policy, out string[]? roles) ? string.Join(", ", roles) : "";

    /// <summary>Registers the policies, and denies what names none.</summary>
    public static void Register(AuthorizationOptions options)
    {
        foreach ((string policy, string[] roles) in RolesOf)
        {
            options.AddPolicy(policy, builder => builder.RequireRole(roles));
        }

        options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAssertion(_ => false).Build();
    }
}
