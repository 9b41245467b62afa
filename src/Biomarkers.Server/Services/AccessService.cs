using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Access;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Server.Access;
using Biomarkers.Server.Wire;
using Biomarkers.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;
using AccessKey = Biomarkers.Pipeline.Access.AccessKey;

namespace Biomarkers.Server.Services;

/// <summary>Instruments, keys and denials.</summary>
internal sealed class AccessService(StoreWriter writer, IAccessQueries queries, AccessDirectory directory, AccessOptions options, TimeProvider time)
    : V1.AccessService.AccessServiceBase
{
    private const string KeyNotFound = "KEY_NOT_FOUND";

    [Authorize(Policy = Policies.ManageAccess)]
    public override async Task<Instrument> EnrollInstrument(EnrollInstrumentRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        Texts.CheckName("instrument_id", request.InstrumentId, faults);
        if (request.DisplayName.Length > 0)
        {
            Texts.CheckText("display_name", request.DisplayName, faults);
        }

        string? reason = AccessMapper.ReadReason(request.Reason, isRequired: false, faults);
        Requests.Require(faults);
        Checked<EnrolledInstrument> enrolled = await ChangeAsync(new EnrollInstrument(request.InstrumentId, request.DisplayName, Callers.Of(context), reason), context);
        Requests.Require(enrolled.Faults);
        return AccessMapper.ToWire(enrolled.Value!);
    }

    [Authorize(Policy = Policies.ReadAccess)]
    public override async Task<ListInstrumentsResponse> ListInstruments(ListInstrumentsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        int size = PageTokens.ToPageSize(request.PageSize, faults);
        string? after = PageTokens.Decode(request, request.PageToken, faults);
        Requests.Require(faults);
        IReadOnlyList<EnrolledInstrument> instruments = await queries.ListInstrumentsAsync(after, size + 1, context.CancellationToken);
        return new ListInstrumentsResponse
        {
            Instruments = { instruments.Take(size).Select(AccessMapper.ToWire) },
            NextPageToken = instruments.Count > size ? PageTokens.Encode(request, instruments[size - 1].InstrumentId) : string.Empty,
        };
    }

    [Authorize(Policy = Policies.ManageAccess)]
    public override async Task<Instrument> RetireInstrument(RetireInstrumentRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? instrument = ResourceNames.ParseInstrument("name", request.Name, faults);
        string? reason = AccessMapper.ReadReason(request.Reason, isRequired: true, faults);
        Requests.Require(faults);
        EnrolledInstrument retired = await ChangeAsync(new RetireInstrument(instrument!, Callers.Of(context), reason!), context)
            ?? throw RpcErrors.NotFound(ResourceNames.InstrumentNotFound, request.Name);
        return AccessMapper.ToWire(retired);
    }

    [Authorize(Policy = Policies.ManageAccess)]
    public override async Task<Instrument> RevokeCertificate(RevokeCertificateRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? instrument = ResourceNames.ParseInstrument("instrument", request.Instrument, faults);
        string thumbprint = AccessMapper.ReadThumbprint(request.Sha256Thumbprint, faults);
        string? reason = AccessMapper.ReadReason(request.Reason, isRequired: true, faults);
        Requests.Require(faults);
        Checked<EnrolledInstrument> changed = await ChangeAsync(new RevokeCertificate(instrument!, thumbprint, Callers.Of(context), reason!), context)
            ?? throw RpcErrors.NotFound(ResourceNames.InstrumentNotFound, request.Instrument);
        Requests.Require(changed.Faults);
        return AccessMapper.ToWire(changed.Value!);
    }

    [Authorize(Policy = Policies.ManageAccess)]
    public override async Task<CreateKeyResponse> CreateKey(CreateKeyRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        Texts.CheckName("display_name", request.DisplayName, faults);
        IReadOnlyList<string> roles = AccessMapper.ReadRoles(request.Roles, request.Instrument, faults);
        string? instrument = request.Instrument.Length > 0 ? ResourceNames.ParseInstrument("instrument", request.Instrument, faults) : null;
        TimeSpan life = AccessMapper.ReadLife(request.ValidFor, options, faults);
        string? reason = AccessMapper.ReadReason(request.Reason, isRequired: false, faults);
        Requests.Require(faults);
        (string keyId, string text) = KeyText.Make();
        var creation = new CreateKey(keyId, request.DisplayName, KeyText.HashOf(text), roles, instrument, life, Callers.Of(context), reason);
        return Answer(await ChangeAsync(creation, context), text);
    }

    [Authorize(Policy = Policies.ReadAccess)]
    public override async Task<ListKeysResponse> ListKeys(ListKeysRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        PageRequest page = PageTokens.ToPageRequest(request, request.PageSize, request.PageToken, ListOrder.Unspecified, faults);
        Requests.Require(faults);
        DateTimeOffset now = time.GetUtcNow();
        Page<AccessKey> keys = await queries.ListKeysAsync(request.ShowInactive ? null : now, page, context.CancellationToken);
        return new ListKeysResponse { Keys = { keys.Rows.Select(key => AccessMapper.ToWire(key, now)) }, NextPageToken = PageTokens.Next(request, keys.Next) };
    }

    [Authorize(Policy = Policies.ManageAccess)]
    public override async Task<CreateKeyResponse> RotateKey(RotateKeyRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? oldId = ResourceNames.ParseKey("name", request.Name, faults);
        TimeSpan overlap = AccessMapper.ReadOverlap(request.Overlap, faults);
        TimeSpan life = AccessMapper.ReadLife(request.ValidFor, options, faults);
        string? reason = AccessMapper.ReadReason(request.Reason, isRequired: false, faults);
        Requests.Require(faults);
        (string keyId, string text) = KeyText.Make();
        Checked<AccessKey> rotated = await ChangeAsync(new RotateKey(oldId!, keyId, KeyText.HashOf(text), overlap, life, Callers.Of(context), reason), context)
            ?? throw RpcErrors.NotFound(KeyNotFound, request.Name);
        return Answer(rotated, text);
    }

    [Authorize(Policy = Policies.ManageAccess)]
    public override async Task<V1.AccessKey> RevokeKey(RevokeKeyRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? keyId = ResourceNames.ParseKey("name", request.Name, faults);
        string? reason = AccessMapper.ReadReason(request.Reason, isRequired: true, faults);
        Requests.Require(faults);
        AccessKey revoked = await ChangeAsync(new RevokeKey(keyId!, Callers.Of(context), reason!), context) ?? throw RpcErrors.NotFound(KeyNotFound, request.Name);
        return AccessMapper.ToWire(revoked, time.GetUtcNow());
    }

    [Authorize(Policy = Policies.ReadAccess)]
    public override async Task<ListDenialsResponse> ListDenials(ListDenialsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        PageRequest page = PageTokens.ToPageRequest(request, request.PageSize, request.PageToken, ListOrder.Unspecified, faults);
        Requests.Require(faults);
        Page<RecordedDenial> denials = await queries.ListDenialsAsync(page, context.CancellationToken);
        return new ListDenialsResponse { Denials = { denials.Rows.Select(AccessMapper.ToWire) }, NextPageToken = PageTokens.Next(request, denials.Next) };
    }

    // Also after a fault: the change may have been made.
    private async Task<TOutcome> ChangeAsync<TOutcome>(IStoreWrite<TOutcome> change, ServerCallContext context)
    {
        try
        {
            return await writer.WriteAsync(change, context.CancellationToken);
        }
        finally
        {
            directory.Changed();
        }
    }

    private CreateKeyResponse Answer(Checked<AccessKey> made, string secret)
    {
        Requests.Require(made.Faults);
        return new CreateKeyResponse { Key = AccessMapper.ToWire(made.Value!, time.GetUtcNow()), Secret = secret };
    }
}
