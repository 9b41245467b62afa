using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Faults.Cases;

/// <content>What a LIMS does.</content>
internal sealed partial class CaseRun
{
    // Longer than any kill and restart takes: a lease ends here by its acknowledgement alone.
    private static readonly Duration Lease = new() { Seconds = 600 };

    private readonly List<V1.Delivery> pulled = [];

    private string Subscription => $"{scope}lims";

    private Task SubscribeAsync(CaseStep step) => CallAsync(step, () => People.Delivery.CreateSubscriptionAsync(
        new CreateSubscriptionRequest { SubscriptionId = Subscription, Subscription = new Subscription { AckDeadline = Lease } }).ResponseAsync);

    // Other cases release results beside this one, of samples of the same names, which wait for each other: they are pulled too, and acknowledged.
    private async Task PullAsync(CaseStep step)
    {
        var request = new PullResultsRequest { Subscription = $"subscriptions/{Subscription}", MaxResults = 1000 };
        var statuses = new HashSet<string>();
        while (true)
        {
            V1.Delivery[] answer = [.. (await People.Delivery.PullResultsAsync(request)).Deliveries];
            V1.Delivery[] ofPlate = [.. answer.Where(delivery => delivery.Result.Plate == $"plates/{Barcode(step.Plate)}")];
            pulled.AddRange(ofPlate);
            statuses.UnionWith(ofPlate.Select(delivery => CaseWords.Of(delivery.Result.Status)));
            string[] others = [.. answer.Except(ofPlate).Select(delivery => delivery.DeliveryId)];
            if (others.Length == 0)
            {
                break;
            }

            await People.Delivery.AcknowledgeResultsAsync(new AcknowledgeResultsRequest { Subscription = request.Subscription, DeliveryIds = { others } });
        }

        string[] found = [.. statuses.DefaultIfEmpty("NONE")];
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
