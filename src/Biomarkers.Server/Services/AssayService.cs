using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Server.Access;
using Biomarkers.Server.Wire;
using Biomarkers.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;

namespace Biomarkers.Server.Services;

/// <summary>Assays: data, in immutable versions.</summary>
internal sealed class AssayService(PlateReadIntake intake, IQueries queries) : V1.AssayService.AssayServiceBase
{
    [Authorize(Policy = Policies.ManageAssays)]
    public override async Task<Assay> CreateAssay(CreateAssayRequest request, ServerCallContext context)
    {
        Checked<AssayDefinition> assay = AssayMapper.ToDomain(request);
        Requests.Require(assay.Faults);
        return AssayMapper.ToWire(await intake.CreateAssayAsync(new CreateAssay(assay.Value!, Callers.Of(context)), context.CancellationToken));
    }

    [Authorize(Policy = Policies.ReadAssays)]
    public override async Task<Assay> GetAssay(GetAssayRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        (string AssayId, int? Version)? name = ResourceNames.ParseAssay("name", request.Name, faults);
        Requests.Require(faults);
        AssayDefinition assay = await queries.GetAssayAsync(name!.Value.AssayId, name.Value.Version, context.CancellationToken)
            ?? throw RpcErrors.NotFound("ASSAY_NOT_FOUND", request.Name);
        return AssayMapper.ToWire(assay);
    }

    [Authorize(Policy = Policies.ReadAssays)]
    public override async Task<ListAssaysResponse> ListAssays(ListAssaysRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        int size = PageTokens.ToPageSize(request.PageSize, faults);
        string? after = PageTokens.Decode(request, request.PageToken, faults);
        Requests.Require(faults);
        IReadOnlyList<AssayDefinition> assays = await queries.ListAssaysAsync(after, size + 1, context.CancellationToken);
        bool more = assays.Count > size;
        return new ListAssaysResponse
        {
            Assays = { assays.Take(size).Select(AssayMapper.ToWire) },
            NextPageToken = more ? PageTokens.Encode(request, assays[size - 1].Id) : string.Empty,
        };
    }
}
