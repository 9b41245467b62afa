using Microsoft.AspNetCore.Authorization;

namespace Biomarkers.Server.Access;

/// <summary>What a caller may do, by role. Every method names its policy; without one a call is denied.</summary>
internal static class Policies
{
    /// <summary>Send plate reads and ask for the state of a stream.</summary>
    public const string SendReads = "send-reads";

    /// <summary>See plates, runs, results and assays.</summary>
    public const string ReadResults = "read-results";

    /// <summary>Give a plate its layout.</summary>
    public const string ChangeLayouts = "change-layouts";

    /// <summary>Create versions of assays.</summary>
    public const string ManageAssays = "manage-assays";

    /// <summary>See what was refused.</summary>
    public const string ReadQuarantine = "read-quarantine";

    /// <summary>Decide what becomes of what was refused or is held.</summary>
    public const string DecideHolds = "decide-holds";

    private static readonly Dictionary<string, string[]> RolesOf = new()
    {
        [SendReads] = [Roles.Instrument],
        [ReadResults] = [Roles.Analyst, Roles.Reviewer, Roles.Auditor],
        [ChangeLayouts] = [Roles.Analyst, Roles.Instrument],
        [ManageAssays] = [Roles.Admin],
        [DecideHolds] = [Roles.Analyst, Roles.Reviewer],
        [ReadQuarantine] = [Roles.Instrument, Roles.Analyst, Roles.Auditor],
    };

    /// <summary>Names of all policies.</summary>
    public static IReadOnlyCollection<string> All => RolesOf.Keys;

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

/// <summary>The roles.</summary>
internal static class Roles
{
    /// <summary>Sends reads.</summary>
    public const string Instrument = "instrument";

    /// <summary>Looks and prepares.</summary>
    public const string Analyst = "analyst";

    /// <summary>Releases.</summary>
    public const string Reviewer = "reviewer";

    /// <summary>Pulls results.</summary>
    public const string Lims = "lims";

    /// <summary>Inspects.</summary>
    public const string Auditor = "auditor";

    /// <summary>Configures.</summary>
    public const string Admin = "admin";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Instrument, Analyst, Reviewer, Lims, Auditor, Admin];
}
