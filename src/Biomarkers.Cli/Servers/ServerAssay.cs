using Biomarkers.Client;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Simulation;
using Google.Protobuf;
using Grpc.Core;

namespace Biomarkers.Cli.Servers;

/// <summary>An assay of the server.</summary>
/// <param name="Definition">As the server has it.</param>
/// <param name="LayoutVersion">Version that layouts name.</param>
internal sealed record ServerAssay(AssayDefinition Definition, int LayoutVersion)
{
    /// <summary>How long a server may take to say what is known already.</summary>
    private static readonly TimeSpan QuickAnswer = TimeSpan.FromSeconds(2);

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

    /// <summary>Asks for an assay and keeps it beside a spool, so that plates are spooled also while the server is away.</summary>
    /// <param name="call">The command.</param>
    /// <param name="name">As for <see cref="FindAsync"/>.</param>
    /// <param name="folder">Folder of the spool.</param>
    /// <exception cref="RpcException">The server has no such assay; or it does not answer, and never did for this spool.</exception>
    public static async Task<ServerAssay> FindOrRecallAsync(ServerCall call, string name, string folder)
    {
        string file = Path.Combine(folder, $"assay-{Uri.EscapeDataString(Names.LastOf(name))}.bin");
        V1.Assay assay;
        try
        {
            // Where it is known already nobody waits long for a server that is away.
            DateTime? deadline = File.Exists(file) ? TimeProvider.System.GetUtcNow().UtcDateTime + QuickAnswer : null;
            var request = new V1.GetAssayRequest { Name = Names.InCollection("assays", name) };
            assay = await call.Connection.Assays.GetAssayAsync(request, deadline: deadline, cancellationToken: call.CancellationToken);
            await File.WriteAllBytesAsync($"{file}.new", assay.ToByteArray(), call.CancellationToken);
            File.Move($"{file}.new", file, overwrite: true);
        }
        catch (RpcException exception) when (RpcFault.Of(exception).Code is StatusCode.Unavailable or StatusCode.DeadlineExceeded && File.Exists(file))
        {
            assay = V1.Assay.Parser.ParseFrom(await File.ReadAllBytesAsync(file, call.CancellationToken));
            call.Console.Tell($"The server is out of reach: taking assay {assay.Name} as it was when it was last seen.");
        }

        AssayDefinition definition = AssayMessages.ToDefinition(assay);
        return new ServerAssay(definition, name.Contains('@', StringComparison.Ordinal) ? definition.Version : PlateLayout.NewestAssayVersion);
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
            catch (RpcException exception) when (RpcFault.Of(exception).Code == StatusCode.Unavailable && TimeProvider.System.GetElapsedTime(began) < patience)
            {
                await Task.Delay(Pause, TimeProvider.System, call.CancellationToken);
            }
        }
    }
}
