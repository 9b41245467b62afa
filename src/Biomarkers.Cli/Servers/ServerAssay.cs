using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Simulation;
using Grpc.Core;

namespace Biomarkers.Cli.Servers;

/// <summary>An assay of the server.</summary>
/// <param name="Definition">As the server has it.</param>
/// <param name="LayoutVersion">Version that layouts name.</param>
internal sealed record ServerAssay(AssayDefinition Definition, int LayoutVersion)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Asks for an assay.</summary>
    /// <param name="call">The command.</param>
    /// <param name="name">Such as <c>il-6</c> for the newest version, or <c>il-6@1</c>.</param>
    /// <param name="patience">How long the server may be out of reach.</param>
    /// <exception cref="RpcException">The server has no such assay, or does not answer.</exception>
    public static async Task<ServerAssay> FindAsync(ServerCall call, string name, TimeSpan patience)
    {
        string resource = Names.InCollection("assays", name);
        V1.Assay found = await AskAsync(call, resource, patience);
        AssayDefinition definition = AssayMessages.ToDefinition(found);
        return new ServerAssay(definition, resource.Contains('@', StringComparison.Ordinal) ? definition.Version : PlateLayout.NewestAssayVersion);
    }

    private static async Task<V1.Assay> AskAsync(ServerCall call, string resource, TimeSpan patience)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await call.Connection.Assays.GetAssayAsync(new V1.GetAssayRequest { Name = resource }, cancellationToken: call.CancellationToken);
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.Unavailable && TimeProvider.System.GetElapsedTime(began) < patience)
            {
                await Task.Delay(Pause, TimeProvider.System, call.CancellationToken);
            }
        }
    }
}
