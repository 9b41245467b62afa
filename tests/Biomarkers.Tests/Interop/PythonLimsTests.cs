using System.Text.Json;
using Biomarkers.Tests.Server;
using Biomarkers.V1;
using Xunit;

namespace Biomarkers.Tests.Interop;

/// <summary>A LIMS in another language, by stock tools, that is killed between filing and acknowledging and goes on: every released version is filed, once, and a
/// correction after what it corrects.</summary>
public sealed class PythonLimsTests
{
    [PythonGrpcFact]
    public async Task PythonLims_KilledBeforeItAcknowledges_FilesEveryVersionOnce()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-python-");
        try
        {
            await PythonProtos.GenerateAsync(folder.FullName);
            string data = Path.Combine(folder.FullName, "server");
            string file = Path.Combine(folder.FullName, "lims.jsonl");
            await using TestServer server = await TestServer.StartAsync(data);
            await server.AnalyzeAsync("P1");
            Result[] released = await ReleaseAsync(server, "P1");
            string[] arguments = [server.Address.Authority, await MakeKeyAsync(server, folder.FullName), "hospital", file];

            ProgramRun killed = await PythonProtos.RunAsync("lims_client.py", folder.FullName, [.. arguments, "1"]);
            Assert.NotEqual(0, killed.ExitCode);
            int filed = (await File.ReadAllLinesAsync(file)).Length;
            Assert.InRange(filed, 1, released.Length - 1);
            var withdrawal = new WithdrawResultsRequest { Results = { NameOf(released[0]) }, Reason = "swapped" };
            Result withdrawn = (await server.Connection.Reviews.WithdrawResultsAsync(withdrawal)).Results[0];

            using JsonDocument told = JsonDocument.Parse((await PythonProtos.RunAsync("lims_client.py", folder.FullName, arguments)).OutputOrThrow());

            Assert.Equal((released.Length + 1 - filed, filed), (told.RootElement.GetProperty("filed").GetInt32(), told.RootElement.GetProperty("again").GetInt32()));
            JsonElement[] lines = [.. (await File.ReadAllLinesAsync(file)).Select(line => JsonDocument.Parse(line).RootElement)];
            string[] names = [.. lines.Select(line => $"{line.GetProperty("name").GetString()}@{line.GetProperty("version").GetInt32()}")];
            Assert.Equal(released.Select(NameOf).Append(NameOf(withdrawn)).Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
            JsonElement last = lines[Array.IndexOf(names, NameOf(withdrawn))];
            Assert.Equal(("RESULT_STATUS_WITHDRAWN", JsonValueKind.Null, released[0].Version, "swapped"),
                (last.GetProperty("status").GetString(), last.GetProperty("value").ValueKind, last.GetProperty("supersedes").GetInt32(), last.GetProperty("reason").GetString()));
            Assert.True(Array.IndexOf(names, NameOf(released[0])) < Array.IndexOf(names, NameOf(withdrawn)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string NameOf(Result result) => $"{result.Name}@{result.Version}";

    private static async Task<string> MakeKeyAsync(TestServer server, string folder)
    {
        CreateKeyResponse made = await server.Connection.Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = "lims-1", Roles = { Role.Lims } });
        string file = Path.Combine(folder, "lims.key");
        await File.WriteAllTextAsync(file, made.Secret);
        return file;
    }

    private static async Task<Result[]> ReleaseAsync(TestServer server, string barcode)
    {
        var pending = new ListAffectedResultsRequest { Plate = $"plates/{barcode}" };
        ListAffectedResultsResponse waiting = await server.Connection.Reviews.ListAffectedResultsAsync(pending);
        var request = new ReleaseResultsRequest { Results = { waiting.AffectedResults.Select(result => NameOf(result.After)) } };
        return [.. (await server.Connection.Reviews.ReleaseResultsAsync(request)).Results];
    }
}
