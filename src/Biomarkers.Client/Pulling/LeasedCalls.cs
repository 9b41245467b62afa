using System.Globalization;
using Grpc.Core;

namespace Biomarkers.Client.Pulling;

/// <summary>Calls that are about several deliveries and are taken for all of them or for none.</summary>
internal static class LeasedCalls
{
    private const string LeaseExpired = "LEASE_EXPIRED";
    private const string FieldBegin = "delivery_ids[";

    /// <summary>Makes a call, without those whose leases have ended: the server names them, and the call is made again for the others.</summary>
    /// <param name="deliveryIds">One or more.</param>
    /// <param name="call">The call for some of them.</param>
    /// <returns>Those whose leases have ended.</returns>
    public static async Task<IReadOnlySet<string>> MakeAsync(IReadOnlyList<string> deliveryIds, Func<IReadOnlyList<string>, Task> call)
    {
        var ended = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<IReadOnlyList<string>>([deliveryIds]);
        while (open.TryPop(out IReadOnlyList<string>? some))
        {
            try
            {
                await call(some);
            }
            catch (RpcException exception) when (IsLeaseExpired(RpcFault.Of(exception)))
            {
                var fault = RpcFault.Of(exception);
                string[] named = [.. fault.Fields.Select(field => IndexOf(field.Field)).Where(index => index >= 0 && index < some.Count).Distinct().Select(index => some[index])];
                ended.UnionWith(some.Count == 1 ? some : named);
                string[] others = [.. some.Except(ended)];
                // Where none is named, the halves are asked apart.
                foreach (string[] part in named.Length > 0 || others.Length < 2 ? [others] : new[] { others[..(others.Length / 2)], others[(others.Length / 2)..] })
                {
                    if (part.Length > 0)
                    {
                        open.Push(part);
                    }
                }
            }
        }

        return ended;
    }

    /// <summary>Whether a call was refused because leases have ended.</summary>
    public static bool IsLeaseExpired(RpcFault fault) => fault is { Code: StatusCode.FailedPrecondition, Reason: LeaseExpired };

    private static int IndexOf(string field) =>
        field.StartsWith(FieldBegin, StringComparison.Ordinal) && field.EndsWith(']')
        && int.TryParse(field.AsSpan(FieldBegin.Length, field.Length - FieldBegin.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? index
            : -1;
}
