namespace Biomarkers.Cli.Servers;

/// <summary>A subscription of a list.</summary>
/// <param name="Name">Resource name.</param>
/// <param name="Owner">Who pulls from it.</param>
/// <param name="Studies">Studies that are wanted; empty for all.</param>
/// <param name="Analytes">Analytes that are wanted; empty for all.</param>
/// <param name="Statuses">Statuses that are wanted; empty for all that leave.</param>
/// <param name="AckDeadlineSeconds">How long a delivery may take to be acknowledged.</param>
/// <param name="WaitingCount">Versions that wait to be delivered.</param>
/// <param name="LeasedCount">Versions that are under way.</param>
/// <param name="ParkedCount">Versions that were delivered too often.</param>
/// <param name="AcknowledgedCount">Versions that are done.</param>
/// <param name="OldestWaitingTime">Release of the oldest version that is not done; absent where there is none.</param>
/// <param name="CreateTime">When it was made.</param>
public sealed record SubscriptionRow(
    string Name,
    string Owner,
    IReadOnlyList<string> Studies,
    IReadOnlyList<string> Analytes,
    IReadOnlyList<string> Statuses,
    double AckDeadlineSeconds,
    int WaitingCount,
    int LeasedCount,
    int ParkedCount,
    long AcknowledgedCount,
    DateTimeOffset? OldestWaitingTime,
    DateTimeOffset? CreateTime)
{
    internal static SubscriptionRow Of(V1.Subscription subscription) => new(
        subscription.Name,
        subscription.Owner,
        [.. subscription.Studies],
        [.. subscription.Analytes],
        [.. subscription.Statuses.Select(CommandConsole.WordOf)],
        subscription.AckDeadline?.ToTimeSpan().TotalSeconds ?? 0,
        subscription.WaitingCount,
        subscription.LeasedCount,
        subscription.ParkedCount,
        subscription.AcknowledgedCount,
        subscription.OldestWaitingTime?.ToDateTimeOffset(),
        subscription.CreateTime?.ToDateTimeOffset());
}

/// <summary>A version that was delivered too often.</summary>
/// <param name="Result">Result and version.</param>
/// <param name="SampleId">Its sample.</param>
/// <param name="Analyte">Its analyte.</param>
/// <param name="Attempt">How often it was delivered.</param>
/// <param name="Reason">What was said of it last; absent where nobody said.</param>
/// <param name="ReleaseTime">When it was released.</param>
public sealed record ParkedRow(string Result, string SampleId, string Analyte, int Attempt, string? Reason, DateTimeOffset? ReleaseTime)
{
    internal static ParkedRow Of(V1.ParkedDelivery parked) =>
        new(parked.Result, parked.SampleId, parked.Analyte, parked.Attempt, Names.NullIfEmpty(parked.Reason), parked.ReleaseTime?.ToDateTimeOffset());
}
