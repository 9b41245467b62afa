using Biomarkers.Client;
using Biomarkers.Faults.Disks;
using Biomarkers.Faults.Power;
using Biomarkers.V1;
using Grpc.Core;

namespace Biomarkers.Faults.Io;

/// <summary>How a server came out of a fault.</summary>
internal enum IoEnd
{
    /// <summary>The plate was acknowledged and has its run; the server stopped when it was asked to.</summary>
    Served,

    /// <summary>The server ended by itself.</summary>
    Failed,

    /// <summary>The server did not start.</summary>
    NotStarted,

    /// <summary>The server lives and refuses the plate, as one does whose disk is full.</summary>
    Refuses,

    /// <summary>Neither an answer nor an end.</summary>
    Stuck,
}

/// <summary>What became of one life.</summary>
/// <param name="Folder">The server's data.</param>
/// <param name="Acknowledged">The plate, where it was acknowledged.</param>
/// <param name="End">How the server came out.</param>
/// <param name="ExitCode">Of the server that ended by itself.</param>
/// <param name="Calls">Calls on the disk.</param>
/// <param name="Failed">Those of them that failed.</param>
internal sealed record LifeOutcome(string Folder, TimedEvent? Acknowledged, IoEnd End, int? ExitCode, string[] Calls, int Failed);

/// <summary>A server starts on a prepared folder, takes one plate, analyses it and stops, while a call on its disk fails.</summary>
internal sealed record PlateLife(FailingDisk Disk, string Prepared, string Folder, int Seed, TimeSpan Patience)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    public async Task<LifeOutcome> RunAsync(string name, DiskFault fault, CancellationToken cancellationToken)
    {
        string data = Path.Combine(Folder, name);
        string log = Path.Combine(Folder, $"{name}.log");
        Directory.CreateDirectory(data);
        foreach (string file in Directory.EnumerateFiles(Prepared))
        {
            File.Copy(file, Path.Combine(data, Path.GetFileName(file)));
        }

        var start = new ServerStart(data) { Environment = Disk.Environment(Path.Combine(data, "biomarkers.db"), log, fault) };
        (TimedEvent? acknowledged, IoEnd end, int? code) = await ServeAsync(start, cancellationToken);
        (string[] calls, int failed) = FailingDisk.ReadLog(log);
        File.Delete(log);
        return new LifeOutcome(data, acknowledged, end, code, calls, failed);
    }

    private async Task<(TimedEvent? Acknowledged, IoEnd End, int? ExitCode)> ServeAsync(ServerStart start, CancellationToken cancellationToken)
    {
        ServerProcess server;
        try
        {
            server = await ServerProcess.StartAsync(start, cancellationToken);
        }
        catch (ServerStartException exception)
        {
            return (null, IoEnd.NotStarted, exception.ExitCode);
        }

        await using (server)
        {
            var options = new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = Path.Combine(start.DataDirectory, "client.key") };
            using var life = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await using var sender = new TimedSender(options, 0, Seed);
            Task<IReadOnlyList<TimedEvent>> sending = sender.SendAsync(1, life.Token);
            Task<int?> ended = server.WaitForEndAsync(Patience, life.Token);
            await Task.WhenAny(sending, ended);
            TimedEvent? acknowledged = sending.IsCompletedSuccessfully ? (await sending)[0] : null;
            bool isAnalyzed = acknowledged is not null && await IsAnalyzedAsync(options, ended, life.Token);
            IoEnd end = server.HasEnded ? IoEnd.Failed : isAnalyzed ? IoEnd.Served : await AnswersAsync(options, cancellationToken) ? IoEnd.Refuses : IoEnd.Stuck;
            int? code = server.HasEnded ? await ended : null;
            if (!server.HasEnded)
            {
                await server.TerminateAsync(cancellationToken);
                end = await server.WaitForEndAsync(StopLimit, cancellationToken) is null ? IoEnd.Stuck : end;
            }

            await life.CancelAsync();
            await Task.WhenAll(sending, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // An acknowledgement may have come with the end.
            acknowledged ??= sending.IsCompletedSuccessfully ? (await sending)[0] : null;
            return (acknowledged, end, code);
        }
    }

    private static async Task<bool> IsAnalyzedAsync(BiomarkersConnectionOptions options, Task ended, CancellationToken cancellationToken)
    {
        while (!ended.IsCompleted)
        {
            if (await StateOfPlateAsync(options, cancellationToken) == PlateState.Analyzed)
            {
                return true;
            }

            await Task.Delay(Poll, cancellationToken);
        }

        return false;
    }

    private static async Task<PlateState?> StateOfPlateAsync(BiomarkersConnectionOptions options, CancellationToken cancellationToken)
    {
        using BiomarkersConnection connection = BiomarkersConnection.Open(options);
        try
        {
            return (await connection.Plates.GetPlateAsync(new GetPlateRequest { Name = "plates/P0-0" }, cancellationToken: cancellationToken)).State;
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.Internal)
        {
            return null;
        }
    }

    // Reading goes on when nothing can be written.
    private static async Task<bool> AnswersAsync(BiomarkersConnectionOptions options, CancellationToken cancellationToken)
    {
        using BiomarkersConnection connection = BiomarkersConnection.Open(options);
        try
        {
            await connection.Plates.ListPlatesAsync(new ListPlatesRequest(), cancellationToken: cancellationToken);
            return true;
        }
        catch (RpcException exception) when (exception.StatusCode is not StatusCode.Unauthenticated)
        {
            return false;
        }
    }
}
