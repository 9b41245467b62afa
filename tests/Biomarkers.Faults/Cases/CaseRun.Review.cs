using Biomarkers.V1;

namespace Biomarkers.Faults.Cases;

/// <content>What reviewers do.</content>
internal sealed partial class CaseRun
{
    private async Task ReleaseAsync(CaseStep step)
    {
        var waiting = await People.Reviews.ListAffectedResultsAsync(new ListAffectedResultsRequest { Plate = $"plates/{Barcode(step.Plate)}" });
        var request = new ReleaseResultsRequest { Results = { waiting.AffectedResults.Where(result => result.After is not null).Select(result => NameOf(result.After)) } };
        await CallAsync(step, () => People.Reviews.ReleaseResultsAsync(request).ResponseAsync);
    }

    private async Task WithdrawAsync(CaseStep step)
    {
        var request = new WithdrawResultsRequest { Results = { (await ReleasedAsync(step.Plate)).Select(NameOf) }, Reason = step.Option("reason") };
        await CallAsync(step, () => People.Reviews.WithdrawResultsAsync(request).ResponseAsync);
    }

    private Task ReanalyzeAsync(CaseStep step) => CallAsync(step, () => People.Reviews.ReanalyzePlateAsync(new ReanalyzePlateRequest
    {
        Plate = $"plates/{Barcode(step.Plate)}",
        Exclusions = { new WellExclusion { Position = step.Option("without"), Reason = step.Option("reason") } },
        Reason = step.Option("reason"),
    }).ResponseAsync);

    private async Task CorrectAsync(CaseStep step)
    {
        var waiting = await People.Reviews.ListAffectedResultsAsync(new ListAffectedResultsRequest { Plate = $"plates/{Barcode(step.Plate)}" });
        IEnumerable<AffectedResult> newer = waiting.AffectedResults.Where(result => result.Before is not null && result.After is not null);
        var request = new CorrectResultsRequest { Results = { newer.Select(result => NameOf(result.After)) }, Reason = step.Option("reason") };
        await CallAsync(step, () => People.Reviews.CorrectResultsAsync(request).ResponseAsync);
    }

    private async Task StatusAsync(CaseStep step)
    {
        Result result = (await ReleasedAsync(step.Words[0])).First(released => released.SampleId == step.Words[1]);
        ListResultVersionsResponse life = await People.Reviews.ListResultVersionsAsync(new ListResultVersionsRequest { Result = result.Name });
        string[] found = [.. life.Results.Reverse().Select(version => CaseWords.Of(version.Status))];
        if (!found.SequenceEqual(step.Expected))
        {
            throw new CaseFailureException($"The versions of the result are {string.Join(' ', found)}.");
        }
    }

    private async Task<IEnumerable<Result>> ReleasedAsync(string plate) =>
        (await People.AnalyticalRuns.ListResultsAsync(new ListResultsRequest { Plate = $"plates/{Barcode(plate)}", Released = true, PageSize = 1000 })).Results;

    private static string NameOf(Result result) => $"{result.Name}@{result.Version}";
}
