using System.Text.Json;
using Biomarkers.Client;
using Biomarkers.Simulation;
using Biomarkers.Tests.Pipeline;
using Biomarkers.Tests.Server;
using Biomarkers.V1;
using Google.Protobuf;
using Xunit;

namespace Biomarkers.Tests.Interop;

/// <summary>The contract serves other languages by their stock tools: code is generated from protos/ as it stands, and a script that knows
/// nothing else sends a plate to the real server and reads its results.</summary>
public sealed class PythonClientTests
{
    private const string Barcode = "PY-1";

    [PythonGrpcFact]
    public async Task PythonClient_OnePlate_ReadsWhatTheCSharpClientReads()
    {
        await using TestServer server = await TestServer.StartAsync();
        BiomarkersConnection connection = server.Connection;
        V1.PlateRead plate = PlateMessages.ToWire(TestPlates.Read(Barcode), "r1", TestPlates.Layout());
        using JsonDocument told = JsonDocument.Parse(await RunScriptAsync(server, plate));
        JsonElement answer = told.RootElement;

        Result[] python = [.. answer.GetProperty("results").EnumerateArray().Select(result => JsonParser.Default.Parse<Result>(result.GetRawText()))];
        Assert.Equal(await ListAsync(connection, Barcode), python);
        Assert.Equal($"analyticalRuns/{python[0].AnalyticalRun.Split('/')[1]}", answer.GetProperty("run").GetString());

        // The plate is noise-free, so the samples' concentrations are known by construction.
        Assert.Equal(3, python.Length);
        foreach (Result result in python)
        {
            double truth = TestPlates.SampleConcentration(result.SampleId[^1] - '0');
            Assert.Equal(RangeStatus.Quantified, result.RangeStatus);
            Assert.InRange(result.Concentration, 0.995 * truth, 1.005 * truth);
        }

        Result[] sent = await SendFromCSharpAsync(connection, plate);
        Assert.Equal(sent.Select(Measured), python.Select(Measured));
    }

    [PythonGrpcFact]
    public async Task PythonClient_PlateWithAnInfiniteResponse_ReadsTheFaultOfItsQuarantine()
    {
        await using TestServer server = await TestServer.StartAsync();
        using JsonDocument told = JsonDocument.Parse(await RunScriptAsync(server, PlateMessages.ToWire(TestPlates.Read(Barcode), "r1", TestPlates.Layout())));

        JsonElement disposition = Assert.Single(told.RootElement.GetProperty("dispositions").EnumerateArray());
        Assert.Equal("DISPOSITION_KIND_QUARANTINED", disposition.GetProperty("kind").GetString());
        Assert.Equal(told.RootElement.GetProperty("nextOffset").GetInt64() + 1, disposition.GetProperty("offset").GetInt64());
        Assert.Equal((int)Grpc.Core.StatusCode.InvalidArgument, disposition.GetProperty("code").GetInt32());
        JsonElement violation = Assert.Single(disposition.GetProperty("violations").EnumerateArray());
        Assert.Equal("plate_read.columns[0].responses[3]", violation.GetProperty("field").GetString());
        Assert.Contains("finite", violation.GetProperty("description").GetString(), StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<string> RunScriptAsync(TestServer server, V1.PlateRead plate)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-python-");
        try
        {
            await PythonProtos.GenerateAsync(folder.FullName);
            string plateFile = Path.Combine(folder.FullName, "plate.json");
            await File.WriteAllTextAsync(plateFile, JsonFormatter.Default.Format(plate));
            ProgramRun run = await PythonProtos.RunAsync("plate_client.py", folder.FullName, [server.Address.Authority, server.Options.KeyFile, plateFile, Barcode]);
            return run.OutputOrThrow();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<Result[]> SendFromCSharpAsync(BiomarkersConnection connection, V1.PlateRead plate)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var watch = connection.AnalyticalRuns.WatchAnalyticalRuns(new WatchAnalyticalRunsRequest { Plate = "plates/CS-1" }, cancellationToken: limit.Token);
        await watch.ResponseHeadersAsync;
        V1.PlateRead copy = plate.Clone();
        copy.PlateBarcode = "CS-1";
        await using (var sender = PlateReadSender.Start(connection.Ingest, new PlateReadSenderOptions { InstrumentId = "reader-cs", StreamId = "main" }, TimeProvider.System))
        {
            Assert.Equal(SendOutcomeKind.Stored, (await sender.SendAsync(new StreamEventContent { PlateRead = copy }, limit.Token)).Kind);
            await sender.CompleteAsync(limit.Token);
        }

        Assert.True(await watch.ResponseStream.MoveNext(limit.Token));
        return await ListAsync(connection, "CS-1");
    }

    private static async Task<Result[]> ListAsync(BiomarkersConnection connection, string barcode) =>
        [.. (await connection.AnalyticalRuns.ListResultsAsync(new ListResultsRequest { Plate = $"plates/{barcode}" })).Results];

    private static (string Sample, double Concentration, double Lower, double Upper, double CvPercent) Measured(Result result) =>
        (result.SampleId, result.Concentration, result.Lower, result.Upper, result.CvPercent);
}
