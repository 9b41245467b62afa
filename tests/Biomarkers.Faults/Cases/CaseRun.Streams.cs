using System.Globalization;
using Biomarkers.Client;
using Biomarkers.V1;
using Grpc.Core;

namespace Biomarkers.Faults.Cases;

/// <content>What instruments do.</content>
internal sealed partial class CaseRun
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private async Task OpenAsync(CaseStep step)
    {
        CaseClient client = ClientOf(step);
        client.Credential = step.Options.TryGetValue("as", out string? known) ? credentials[known] : null;
        TimeSpan? clock = step.Options.ContainsKey("clock") ? TimeSpan.FromHours(step.Number("clock", 0)) : null;
        if (step.Ends)
        {
            await ExpectRefusalAsync(step, () => client.OpenAsync(server, clock, compressed: false, relayed: false));
            await client.CutAsync();
            return;
        }

        long next = await client.OpenAsync(server, clock, step.Option("send") == "compressed", IsRelayed(step.Client));
        if (step.Expected is ["next", string expected] && next != long.Parse(expected, CultureInfo.InvariantCulture))
        {
            throw new CaseFailureException($"The next offset is {next}; expected {expected}.");
        }
    }

    private async Task SendAsync(CaseStep step)
    {
        CaseClient client = ClientOf(step);
        if (step.Option("message") == "garbage")
        {
            await ExpectEndAsync(step, await RawMessages.SendAsync(server, [0x0A, 0x7F, 0x01]));
            return;
        }

        await client.SendAsync(step, ContentOf(step));
        if (step.Ends)
        {
            await ExpectEndAsync(step, await client.EndAsync());
        }
    }

    // Part of the message reaches the server, then the connection is gone. The sender sees that, and no acknowledgement.
    private async Task CutWithinAsync(CaseStep step)
    {
        CaseClient client = ClientOf(step);
        long before = client.Acknowledged;
        client.CutWithinNextMessage();
        await client.SendAsync(step, ContentOf(step));
        RpcException? end = await client.EndAsync();
        if (end is null || client.Acknowledged != before)
        {
            throw new CaseFailureException($"The call ended with {end?.StatusCode.ToString() ?? "OK"} and {client.Acknowledged} acknowledged; expected a broken connection and {before}.");
        }
    }

    private async Task CutAsync(CaseStep step)
    {
        CaseClient client = ClientOf(step);
        await client.CutAsync();
        client.Forget();
    }

    private async Task HalfCloseAsync(CaseStep step)
    {
        CaseClient client = ClientOf(step);
        await client.HalfCloseAsync();
        if (await client.EndAsync() is { } end)
        {
            throw end;
        }
    }

    private async Task StoredAsync(CaseStep step)
    {
        var request = new GetReadStreamRequest { Name = ClientOf(step).Stream };
        await UntilAsync(step.Text, async () => (await server.People.Ingest.GetReadStreamAsync(request)).NextOffset >= step.Offset);
    }

    private Task ClockAsync(CaseStep step)
    {
        (server.MoveClock ?? throw new CaseFailureException("The clock of this server is out of reach."))(TimeSpan.FromHours(step.Number("hours", 0)));
        return Task.CompletedTask;
    }

    private static Task ExpectEndAsync(CaseStep step, RpcException? end) => Ended(step, end)
        ? Task.CompletedTask
        : throw new CaseFailureException($"The call ended with {(end is null ? "OK" : RpcFault.Of(end))}.");

    private static async Task ExpectRefusalAsync(CaseStep step, Func<Task> call)
    {
        RpcException? refusal = null;
        try
        {
            await call();
        }
        catch (RpcException exception)
        {
            refusal = exception;
        }

        if (refusal is null || !CaseWords.Matches(RpcFault.Of(refusal), step.Expected.Where(word => word != "ends")))
        {
            throw new CaseFailureException($"The call was answered with {(refusal is null ? "OK" : RpcFault.Of(refusal))}.");
        }
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> isThere)
    {
        DateTime deadline = CaseServer.Deadline;
        while (!await isThere())
        {
            if (TimeProvider.System.GetUtcNow().UtcDateTime > deadline)
            {
                throw new CaseFailureException($"'{what}' was not so within {CaseServer.Patience.TotalSeconds} s.");
            }

            await Task.Delay(Pause);
        }
    }
}
