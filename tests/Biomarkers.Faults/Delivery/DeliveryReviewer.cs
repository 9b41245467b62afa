using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Review;
using Biomarkers.Results;
using Biomarkers.Results.Review;

namespace Biomarkers.Faults.Delivery;

/// <summary>Decides what a reviewer does next with the results of a schedule's plates: what waits is released or corrects, what left is withdrawn or computed anew.</summary>
internal sealed class DeliveryReviewer(DeliverySchedule schedule)
{
    private const int MostAnalyses = 3;

    private int analyses;

    /// <summary>The next step; null where a plate was analysed anew instead, or nothing can be done.</summary>
    public async Task<DeliveryOp.Review?> NextAsync(DeliveryServer server, CancellationToken cancellationToken)
    {
#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
        Random random = schedule.Random;
        string barcode = schedule.Plates[random.Next(schedule.Plates.Count)].Barcode;
        StoredResult[] pending = [.. (await ListAsync(server, barcode, isReleased: false, cancellationToken)).Where(result => result.Status == ResultStatus.Preliminary)];
        if (pending.Length > 0 && random.Next(5) > 0)
        {
            ReviewStep step = pending[random.Next(pending.Length)].CurrentVersion is null ? ReviewStep.Release : ReviewStep.Correct;
            return Step(step, pending.Where(result => (result.CurrentVersion is null) == (step == ReviewStep.Release)));
        }

        StoredResult[] released = [.. (await ListAsync(server, barcode, isReleased: true, cancellationToken)).Where(result => result.Status != ResultStatus.Withdrawn)];
        if (released.Length > 0 && (analyses == MostAnalyses || random.Next(2) == 0))
        {
            return Step(ReviewStep.Withdraw, released);
        }

        if (analyses < MostAnalyses && pending.Length == 0)
        {
            analyses++;
            ExcludedWell[] excluded = [.. Enumerable.Range(0, DeliveryPlates.Samples)
                .Where(_ => random.Next(2) == 0)
                .Select(sample => new ExcludedWell(DeliveryPlates.WellOf(sample), "bubble", $"exclusions[{sample}]"))];
            await server.SubmitAsync(barcode, new ReanalyzePlate(barcode, null, null, excluded, "bubble", "people/lee"), cancellationToken);
        }

        return null;

        DeliveryOp.Review Step(ReviewStep step, IEnumerable<StoredResult> results)
        {
            StoredResult[] all = [.. results];
            int count = random.Next(2) == 0 ? all.Length : random.Next(1, all.Length + 1);
            return new DeliveryOp.Review(
                step, [.. all.OrderBy(_ => random.Next()).Take(count).Select((result, i) => new NamedVersion(result.ResultKey, result.Version, $"results[{i}]"))]);
        }
#pragma warning restore CA5394
    }

    private static async Task<IReadOnlyList<StoredResult>> ListAsync(DeliveryServer server, string barcode, bool isReleased, CancellationToken cancellationToken) =>
        (await server.Queries.ListResultsAsync(new ResultFilter(PlateBarcode: barcode, IsReleased: isReleased), new PageRequest(100, OldestFirst: true), cancellationToken)).Rows;
}
