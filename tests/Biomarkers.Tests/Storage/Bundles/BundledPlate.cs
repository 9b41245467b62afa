using System.Security.Cryptography;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Review;
using Biomarkers.Results.Review;
using Biomarkers.Storage;
using Biomarkers.Storage.Bundles;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Storage.Verification;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Storage.Bundles;

/// <summary>A laboratory with several plates on one stream, of which one has a history, and bundles of that one's runs.</summary>
internal sealed class BundledPlate : IDisposable
{
    public const string Barcode = "P-2";

    private readonly string folder = Directory.CreateTempSubdirectory("biomarkers-bundles-").FullName;
    private readonly TestDatabase database;

    private BundledPlate(TestDatabase database, PipelineHost host)
    {
        this.database = database;
        Host = host;
        Key = CheckpointKey.ReadOrCreate(Path.Combine(folder, "checkpoint.key"));
    }

    public PipelineHost Host { get; }

    public CheckpointKey Key { get; }

    /// <summary>Checkpoints that were made, in their order.</summary>
    public List<HeldCheckpoint> Kept { get; } = [];

    /// <summary>Plates on one stream, in the order of their names.</summary>
    public static async Task<BundledPlate> AnalyseAsync(TestDatabase database, PipelineHost host, int plates = 3)
    {
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        for (int i = 1; i <= plates; i++)
        {
            await host.SendAsync(stream, i - 1, TestPlates.Whole($"P-{i}"), [(byte)i, 7]);
            await RunsAsync(host, i);
        }

        return new BundledPlate(database, host);
    }

    /// <summary>Released with a signature, analysed anew without a well, corrected; a hold that was lifted and one that is open; one withdrawn, one linked as the repeat of
    /// another plate's.</summary>
    public async Task ReviewAsync()
    {
        IReadOnlyList<StoredResult> results = await ResultsAsync();
        long[] keys = [.. results.Select(result => result.ResultKey)];
        PlacedHolds placed = await Host.Writer.WriteAsync(new HoldResults([keys[0]], "was it spun?", "people/kim"), CancellationToken.None);
        await Host.Writer.WriteAsync(new LiftHold(placed.Holds[0].HoldKey, "it was", "people/kim"), CancellationToken.None);
        await TakeAsync(ReviewStep.Release, results, null, new Signing("Kim Lee", SignatureMeaning.Approval, SigningMethod.KeyAndPin));
        await Host.Intake.SubmitAsync(new ReanalyzePlate(Barcode, null, null, [new ExcludedWell(new WellPosition(0, 2), "bubble", "exclusions[0]")], "bubble in A03", "people/kim"), CancellationToken.None);
        await RunsAsync(Host, 4);
        IReadOnlyList<StoredResult> anew = await ResultsAsync();
        await TakeAsync(ReviewStep.Correct, [anew.Single(result => result.ResultKey == keys[0])], "a bubble, see A03", null);
        await Host.Writer.WriteAsync(new HoldResults([keys[1]], "ask the ward", "people/lee"), CancellationToken.None);
        StoredResult withdrawn = (await Host.Store.Queries.ListVersionsAsync(keys[2], CancellationToken.None))!.Single(result => result.Version == 2);
        await TakeAsync(ReviewStep.Withdraw, [withdrawn], "wrong tube", null);
        long original = (await ResultsAsync("P-1"))[0].ResultKey;
        LinkedRepeat linked = await Host.Writer.WriteAsync(new LinkRepeat(keys[0], original, "read again", "people/kim"), CancellationToken.None);
        Assert.Empty(linked.Faults);
    }

    /// <summary>A checkpoint of the database as it is now.</summary>
    public async Task CheckpointAsync() =>
        Kept.Add(new HeldCheckpoint($"kept-{Kept.Count}.json", Key.Sign((await Host.Store.Queries.MakeCheckpointAsync(DateTimeOffset.UnixEpoch.AddSeconds(Kept.Count), CancellationToken.None))!)));

    /// <summary>The runs of the plate, oldest first.</summary>
    public Task<List<long>> RunKeysAsync() => database.ReadAsync(
        $"SELECT r.run_key FROM analytical_run r JOIN plate p ON p.plate_key = r.plate_key WHERE p.barcode = '{Barcode}' ORDER BY r.run_key", row => row.GetInt64(0));

    /// <summary>Makes a bundle with the checkpoints that were kept.</summary>
    public async Task<(string File, ExportedBundle Made)> ExportAsync(long? runKey = null, bool isShort = false, Func<byte[], SentPart?>? parse = null)
    {
        string file = Path.Combine(folder, $"{Guid.NewGuid():N}.zip");
        using ECDsa key = PublicKey();
        var request = new BundleRequest(runKey ?? (await RunKeysAsync())[0], file, "tests", TimeProvider.System, parse ?? (_ => null))
        {
            Checkpoints = Kept,
            PublicKeys = [key],
            IsShort = isShort,
        };
        await using SqlDatabase source = database.Connect();
        return (file, await BundleExport.RunAsync(source, request, CancellationToken.None));
    }

    /// <summary>Verifies a bundle, by default with the laboratory's key as whoever verifies has it from elsewhere.</summary>
    public async Task<BundleReport> VerifyAsync(string file, bool recomputes = false, bool hasKey = true, params HeldCheckpoint[] kept)
    {
        using ECDsa key = PublicKey();
        var request = new VerificationRequest { Recomputes = recomputes, PublicKeys = hasKey ? [key] : [], Checkpoints = kept };
        return await BundleVerification.RunAsync(file, request, CancellationToken.None);
    }

    public static Task<string> RunsAsync(PipelineHost host, int count) => host.UntilAsync(async () =>
        (await host.Store.Queries.ListRunsAsync(new RunFilter(), new PageRequest(10), CancellationToken.None)).Rows.Count >= count ? "there" : null);

    public void Dispose()
    {
        Key.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<IReadOnlyList<StoredResult>> ResultsAsync(string barcode = Barcode) =>
        (await Host.Store.Queries.ListResultsAsync(new ResultFilter(PlateBarcode: barcode), new PageRequest(10, OldestFirst: true), CancellationToken.None)).Rows;

    private async Task TakeAsync(ReviewStep step, IReadOnlyList<StoredResult> results, string? reason, Signing? signing)
    {
        NamedVersion[] named = [.. results.Select((result, i) => new NamedVersion(result.ResultKey, result.Version, $"results[{i}]"))];
        Reviewed reviewed = await Host.Writer.WriteAsync(new TakeReviewStep(step, named, reason, "people/kim", signing, NeedsSignature: false), CancellationToken.None);
        Assert.Empty(reviewed.Faults);
    }

    private ECDsa PublicKey()
    {
        var key = ECDsa.Create();
        key.ImportFromPem(Key.PublicPem);
        return key;
    }
}
