using Biomarkers.Pipeline.Access;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Server.Services;
using Biomarkers.Server.Wire;
using Grpc.Core;

namespace Biomarkers.Server.Access;

/// <summary>Whose instrument is whose: a caller that is an instrument sends and sees of its own alone.</summary>
internal sealed class InstrumentAccess(AccessDirectory directory, Denials denials)
{
    private const string Mismatch = "IDENTITY_MISMATCH";

    /// <summary>Requires that a caller may send as an instrument: the one of its key or certificate, and enrolled. The owner's key sends as any.</summary>
    /// <exception cref="RpcException">PERMISSION_DENIED. Another's instrument is answered the same whether or not there is one.</exception>
    public async Task RequireSenderAsync(ServerCallContext context, string instrumentId)
    {
        Caller caller = Callers.Who(context);
        if (caller.Instrument == Caller.EveryInstrument)
        {
            return;
        }

        if (caller.Instrument != instrumentId)
        {
            denials.Count(context.GetHttpContext(), Mismatch);
            throw RpcErrors.PermissionDenied(Mismatch, $"The caller is {NameOf(caller)} and may not send as instruments/{instrumentId}.");
        }

        AccessView view = await directory.ReadForAsync(some => some.Instruments.Contains(instrumentId), context.CancellationToken);
        if (!view.Instruments.Contains(instrumentId))
        {
            denials.Count(context.GetHttpContext(), AccessReasons.InstrumentUnknown);
            throw NotEnrolled(instrumentId);
        }
    }

    /// <summary>Whether a caller may see what an instrument sent. Where not, answer as if it was not there; it is counted all the same.</summary>
    public bool MaySee(ServerCallContext context, string instrumentId)
    {
        bool may = OwnOf(context) is not { } own || own == instrumentId;
        if (!may)
        {
            denials.Count(context.GetHttpContext(), Mismatch);
        }

        return may;
    }

    /// <summary>What a caller may see of a plate: all of it, or, for an instrument, the plate with its own reads; null where it has none.</summary>
    public PlateSummary? OwnPart(ServerCallContext context, PlateSummary plate)
    {
        if (OwnOf(context) is not { } own)
        {
            return plate;
        }

        ReadSummary[] reads = [.. plate.Reads.Where(read => read.InstrumentId == own)];
        PendingReadSummary[] pending = [.. plate.PendingReads.Where(read => read.InstrumentId == own)];
        if (reads.Length > 0 || pending.Length > 0)
        {
            return plate with { Reads = reads, PendingReads = pending, OpenHoldKeys = [] };
        }

        denials.Count(context.GetHttpContext(), Mismatch);
        return null;
    }

    /// <summary>What an instrument is told that is not enrolled.</summary>
    public static RpcException NotEnrolled(string instrumentId) => RpcErrors.PermissionDenied(
        AccessReasons.InstrumentUnknown, $"instruments/{instrumentId} is not enrolled; an admin enrolls it with 'biomarkers instruments enroll {instrumentId}'.");

    /// <summary>The one instrument that a caller is; null for who sees all.</summary>
    public static string? OwnOf(ServerCallContext context) => Callers.Who(context).Instrument is { } instrument && instrument != Caller.EveryInstrument ? instrument : null;

    private static string NameOf(Caller caller) => caller.Instrument is { } own ? EnrolledInstrument.ScopeOf(own) : "no instrument";
}
