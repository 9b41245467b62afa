using System.Security.Cryptography;
using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Results.Ledger;
using Biomarkers.Server.Access;
using Biomarkers.Server.Checkpoints;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;
using Biomarkers.Storage;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Storage.Verification;
using Biomarkers.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;

namespace Biomarkers.Server.Services;

/// <summary>The audit log, its checkpoints and its proof.</summary>
internal sealed class AuditService(
    IAuditQueries queries, CheckpointService checkpoints, AuditVerification verification, WireLimits limits, TimeProvider time, IHostApplicationLifetime lifetime)
    : V1.AuditService.AuditServiceBase
{
    // A reader is told that the work goes on.
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    [Authorize(Policy = Policies.ReadAudit)]
    public override async Task<ListAuditEventsResponse> ListAuditEvents(ListAuditEventsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        AuditFilter filter = AuditMapper.ToFilter(request, faults);
        PageRequest page = PageTokens.ToPageRequest(request, request.PageSize, request.PageToken, request.Order, faults);
        Requests.Require(faults);
        Page<StoredAuditEvent> found = await queries.ListAuditEventsAsync(filter, page, context.CancellationToken);
        return new ListAuditEventsResponse { AuditEvents = { found.Rows.Select(AuditMapper.ToWire) }, NextPageToken = PageTokens.Next(request, found.Next) };
    }

    [Authorize(Policy = Policies.ReadAudit)]
    public override Task<V1.Checkpoint> GetCheckpoint(GetCheckpointRequest request, ServerCallContext context) =>
        Task.FromResult(AuditMapper.ToWire(checkpoints.Written ?? throw RpcErrors.NotFound("CHECKPOINT_NOT_FOUND", "checkpoint"), checkpoints.PublicKey));

    [Authorize(Policy = Policies.ReadAudit)]
    public override async Task VerifyAuditLog(VerifyAuditLogRequest request, IServerStreamWriter<VerifyAuditLogResponse> responses, ServerCallContext context)
    {
        var progress = new RowCount();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        Task<Storage.Verification.VerificationReport> work = verification.RunAsync(request.Recompute, progress, ended.Token);
        try
        {
            // Says that the work has begun, before a row was looked at.
            await responses.WriteWithinAsync(new VerifyAuditLogResponse { RowCount = 0 }, limits.Write, time, ended.Token);
            while (await Task.WhenAny(work, Task.Delay(ProgressInterval, time, ended.Token)) != work)
            {
                ended.Token.ThrowIfCancellationRequested();
                await responses.WriteWithinAsync(new VerifyAuditLogResponse { RowCount = progress.Value }, limits.Write, time, ended.Token);
            }

            await responses.WriteWithinAsync(new VerifyAuditLogResponse { Report = AuditMapper.ToWire(await work) }, limits.Write, time, ended.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw RpcErrors.ShuttingDown();
        }
        finally
        {
            // It reads the store, which outlives this call and not much more.
            await ended.CancelAsync();
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private sealed class RowCount : IProgress<long>
    {
        private long value;

        public long Value => Interlocked.Read(ref value);

        public void Report(long value) => Interlocked.Exchange(ref this.value, value);
    }
}

/// <summary>Verifies this server's database, once at a time: it reads everything.</summary>
internal sealed class AuditVerification(SqlStore store, ServerOptions options, CheckpointService checkpoints) : IDisposable
{
    private readonly SemaphoreSlim one = new(1);

    /// <summary>Verifies the database with the checkpoints of this server's folder that its own key signed; other servers' are left to those who have their keys.</summary>
    public async Task<Storage.Verification.VerificationReport> RunAsync(bool recomputes, IProgress<long> progress, CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(checkpoints.PublicKey);
            ContentHash name = SignedCheckpoint.KeyOf(key);
            HeldCheckpoint[] held = [.. new CheckpointFolder(options.CheckpointDirectory).ReadAll().Where(checkpoint => checkpoint.Signed.Key == name)];
            var request = new VerificationRequest { Checkpoints = held, PublicKeys = [key], Recomputes = recomputes, Progress = progress };
            return await Task.Run(() => store.Queries.VerifyAsync(request, cancellationToken), cancellationToken);
        }
        finally
        {
            one.Release();
        }
    }

    public void Dispose() => one.Dispose();
}
