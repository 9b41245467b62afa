namespace Biomarkers.Server.Access;

/// <summary>The roles.</summary>
internal static class Roles
{
    /// <summary>Sends reads as one instrument; stands alone.</summary>
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

    /// <summary>Those that an issuer of tokens can give: a person is no instrument.</summary>
    public static IReadOnlyList<string> OfPeople { get; } = [Analyst, Reviewer, Lims, Auditor, Admin];
}
