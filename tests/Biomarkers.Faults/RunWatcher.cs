using Biomarkers.Client;
using Biomarkers.V1;
using Grpc.Core;

namespace Biomarkers.Faults;

/// <summary>Watches runs over gRPC as an analyst's program would: it lists once what is there, and after each break watches again from its cursor wherever it is served.</summary>
internal sealed class RunWatcher(Uri server, string keyFile, Action<string> sawPlate)
{
    private const int PageSize = 1000;
    private const string CursorHeader = "biomarkers-cursor";

    private static readonly TimeSpan PauseAfterBreak = TimeSpan.FromMilliseconds(100);

    private readonly List<IReadOnlyList<string>> calls = [];
    private readonly HashSet<string> seen = [];
    private readonly List<string> faults = [];
    private string cursor = "";

    /// <summary>Names of the runs that each call brought, in their order.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Calls => calls;

    /// <summary>Names of all runs that were watched or listed.</summary>
    public IReadOnlySet<string> Seen => seen;

    /// <summary>Errors that no break of a connection explains.</summary>
    public IReadOnlyList<string> Faults => faults;

    /// <summary>Calls that broke.</summary>
    public int Breaks { get; private set; }

    /// <summary>Watches until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await WatchAsync(cancellationToken);
            }
            catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
            {
                Breaks++;
                var fault = RpcFault.Of(exception);
                if (!fault.IsTransient && fault.Reason.Length > 0)
                {
                    faults.Add($"the watch of runs ended with {fault}");
                }

                await Task.Delay(PauseAfterBreak, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception exception) when (exception is RpcException or OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        using BiomarkersConnection connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = server, KeyFile = keyFile });
        using AsyncServerStreamingCall<WatchAnalyticalRunsResponse> call =
            connection.AnalyticalRuns.WatchAnalyticalRuns(new WatchAnalyticalRunsRequest { Cursor = cursor }, cancellationToken: cancellationToken);
        Metadata headers = await call.ResponseHeadersAsync;
        var names = new List<string>();
        calls.Add(names);
        if (cursor.Length == 0)
        {
            await ListAsync(connection, cancellationToken);
            cursor = headers.GetValue(CursorHeader) ?? throw new InvalidOperationException($"A watch began without '{CursorHeader}' in its initial metadata.");
        }

        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            WatchAnalyticalRunsResponse response = call.ResponseStream.Current;
            names.Add(response.AnalyticalRun.Name);
            Take(response.AnalyticalRun);
            cursor = response.Cursor;
        }
    }

    private async Task ListAsync(BiomarkersConnection connection, CancellationToken cancellationToken)
    {
        var request = new ListAnalyticalRunsRequest { PageSize = PageSize };
        do
        {
            ListAnalyticalRunsResponse page = await connection.AnalyticalRuns.ListAnalyticalRunsAsync(request, cancellationToken: cancellationToken);
            foreach (AnalyticalRun run in page.AnalyticalRuns)
            {
                Take(run);
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
    }

    private void Take(AnalyticalRun run)
    {
        if (seen.Add(run.Name))
        {
            sawPlate(run.Plate);
        }
    }
}
