using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Simulation;

namespace Biomarkers.Cli.Servers;

/// <summary>An assay of the server.</summary>
/// <param name="Definition">As the server has it.</param>
/// <param name="LayoutVersion">Version that layouts name.</param>
internal sealed record ServerAssay(AssayDefinition Definition, int LayoutVersion)
{
    /// <summary>Asks for an assay.</summary>
    /// <param name="call">The command.</param>
    /// <param name="name">Such as <c>il-6</c> for the newest version, or <c>il-6@1</c>.</param>
    /// <exception cref="Grpc.Core.RpcException">The server has no such assay, or does not answer.</exception>
    public static async Task<ServerAssay> FindAsync(ServerCall call, string name)
    {
        string resource = Names.InCollection("assays", name);
        V1.Assay found = await call.Connection.Assays.GetAssayAsync(new V1.GetAssayRequest { Name = resource }, cancellationToken: call.CancellationToken);
        AssayDefinition definition = AssayMessages.ToDefinition(found);
        return new ServerAssay(definition, resource.Contains('@', StringComparison.Ordinal) ? definition.Version : PlateLayout.NewestAssayVersion);
    }
}
