using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Faults.Cases;

/// <content>What a LIMS does.</content>
internal sealed partial class CaseRun
{
    // Longer than any kill and restart takes: a lease ends here by its acknowledgement alone.
    private static readonly Duration Lease = new() { Seconds = 600 };

    private readonly List<Delivery> pulled = [];

    private string Subscription => $"{scope}lims";

    private Task SubscribeAsync(CaseStep step) => CallAsync(step, () => People.Delivery.CreateSubscriptionAsync(
        new CreateSubscriptionRequest { SubscriptionId = Subscription, Subscription = new Subscription { AckDeadline = Lease } }).ResponseAsync);

    // Other cases release results beside this one: they are pulled too, and left alone.
    private async Task PullAsync(CaseStep step)
    {
        PullResultsResponse answer = await People.Delivery.PullResultsAsync(new PullResultsRequest { Subscription = $"subscriptions/{Subscription}", MaxResults = 1000 });
        Delivery[] ofPlate = [.. answer.Deliveries.Where(delivery => delivery.Result.Plate == $"plates/{Barcode(step.Plate)}")];
        pulled.AddRange(ofPlate);
        string[] found = [.. ofPlate.Select(delivery => CaseWords.Of(delivery.Result.Status)).Distinct().DefaultIfEmpty("NONE")];
        if (!found.SequenceEqual(step.Expected))
        {
            throw new CaseFailureException($"What was pulled of the plate is {string.Join(' ', found)}.");
        }
    }

    private async Task AcknowledgeAsync(CaseStep step)
    {
        var request = new AcknowledgeResultsRequest { Subscription = $"subscriptions/{Subscription}", DeliveryIds = { pulled.Select(delivery => delivery.DeliveryId) } };
        await CallAsync(step, () => People.Delivery.AcknowledgeResultsAsync(request).ResponseAsync);
        pulled.Clear();
    }
}
