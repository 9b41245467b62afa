using System.Security.Claims;
using Biomarkers.Immunoassay;
using Biomarkers.Server.Wire;
using Grpc.Core;

namespace Biomarkers.Server.Services;

/// <summary>What every method begins with.</summary>
internal static class Requests
{
    /// <summary>Ends the call with INVALID_ARGUMENT and every fault, where there is one.</summary>
    public static void Require(IReadOnlyList<Fault> faults)
    {
        if (faults.Count > 0)
        {
            throw RpcErrors.InvalidArgument(faults);
        }
    }
}

/// <summary>Who calls.</summary>
internal static class Callers
{
    /// <summary>Identity of the caller, for the audit: such as <c>keys/local</c>.</summary>
    public static string Of(ServerCallContext context) =>
        context.GetHttpContext().User.FindFirstValue(ClaimTypes.NameIdentifier) ?? throw new InvalidOperationException("A method was reached without authentication.");
}
