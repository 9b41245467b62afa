using Biomarkers.Client;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Simulation;
using Biomarkers.Simulation.Plates;
using Biomarkers.V1;

namespace Biomarkers.Faults.Rot;

/// <summary>Plates that the real server took and analysed: of every built-in assay, and one whose layout was changed and changed back, so that it has two runs and
/// a reinstated one. Some results of the last one were reviewed.</summary>
internal static class StoredPlates
{
    private const string Pin = "correct horse";
    private const string Reason = "to have results that were reviewed";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>Makes the database, and stops the server.</summary>
    /// <returns>The database file.</returns>
    public static async Task<string> MakeAsync(string folder, int plates, int seed, CancellationToken cancellationToken)
    {
        await using ServerProcess server = await ServerProcess.StartAsync(new ServerStart(folder), cancellationToken);
        using var connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = Path.Combine(folder, "client.key") });
        PlateLayout? first = null;
        for (int i = 0; i < plates; i++)
        {
            SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.All[i % BuiltInAssays.All.Count], PlateScenario.Clean, (ulong)seed + (ulong)i, BarcodeOf(i));
            PlateRead read = PlateMessages.ToWire(plate.Read, "r1", plate.Layout);
            first ??= read.Layout;
            await connection.Ingest.SubmitPlateReadAsync(new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = read }, cancellationToken: cancellationToken);
            await RunsAsync(connection, BarcodeOf(i), 1, cancellationToken);
        }

        PlateLayout other = first!.Clone();
        other.Wells.First(well => well.Unknown is not null).Unknown.SampleId += "-other";
        await GiveAsync(connection, other, cancellationToken);
        await RunsAsync(connection, BarcodeOf(0), 2, cancellationToken);
        await GiveAsync(connection, first, cancellationToken);
        var reviewers = new CreateKeyRequest { DisplayName = "kim", Roles = { Role.Reviewer } };
        CreateKeyResponse person = await connection.Access.CreateKeyAsync(reviewers, cancellationToken: cancellationToken);
        string keyFile = Path.Combine(folder, "kim.key");
        await File.WriteAllTextAsync(keyFile, person.Secret, cancellationToken);
        using (BiomarkersConnection reviewer = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = keyFile }))
        {
            await ReviewAsync(reviewer, BarcodeOf(plates - 1), cancellationToken);
        }

        await server.StopAsync(cancellationToken);
        return Path.Combine(folder, "biomarkers.db");
    }

    // One held, one held and let go, one released with a signature, one released and withdrawn.
    private static async Task ReviewAsync(BiomarkersConnection connection, string barcode, CancellationToken cancellationToken)
    {
        ReviewService.ReviewServiceClient reviews = connection.Reviews;
        var waiting = new ListAffectedResultsRequest { Plate = $"plates/{barcode}" };
        Result[] results = [.. (await reviews.ListAffectedResultsAsync(waiting, cancellationToken: cancellationToken)).AffectedResults.Select(affected => affected.After).Take(4)];
        await reviews.HoldResultsAsync(new HoldResultsRequest { Results = { results[0].Name }, Reason = Reason }, cancellationToken: cancellationToken);
        HoldResultsResponse held = await reviews.HoldResultsAsync(new HoldResultsRequest { Results = { results[1].Name }, Reason = Reason }, cancellationToken: cancellationToken);
        await reviews.LiftHoldAsync(new LiftHoldRequest { Name = held.Holds[0].Name, Reason = Reason }, cancellationToken: cancellationToken);
        await reviews.SetSigningPinAsync(new SetSigningPinRequest { Pin = Pin }, cancellationToken: cancellationToken);
        var release = new ReleaseResultsRequest
        {
            Results = { results[2..].Select(NameOf) },
            Signing = new SigningRequest { Meaning = SignatureMeaning.Approval, Pin = Pin, SignerName = "Kim Lee" },
        };
        Result last = (await reviews.ReleaseResultsAsync(release, cancellationToken: cancellationToken)).Results[^1];
        await reviews.WithdrawResultsAsync(new WithdrawResultsRequest { Results = { NameOf(last) }, Reason = Reason }, cancellationToken: cancellationToken);
    }

    private static string NameOf(Result result) => $"{result.Name}@{result.Version}";

    private static string BarcodeOf(int plate) => $"ROT-{plate}";

    private static async Task GiveAsync(BiomarkersConnection connection, PlateLayout layout, CancellationToken cancellationToken) =>
        await connection.Plates.SubmitPlateLayoutAsync(
            new SubmitPlateLayoutRequest { Plate = $"plates/{BarcodeOf(0)}", Layout = layout, Reason = "to have a run that is reinstated" }, cancellationToken: cancellationToken);

    private static async Task RunsAsync(BiomarkersConnection connection, string barcode, int count, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var request = new ListAnalyticalRunsRequest { Plate = $"plates/{barcode}" };
        while ((await connection.AnalyticalRuns.ListAnalyticalRunsAsync(request, cancellationToken: limit.Token)).AnalyticalRuns.Count < count)
        {
            await Task.Delay(Poll, limit.Token);
        }
    }
}
