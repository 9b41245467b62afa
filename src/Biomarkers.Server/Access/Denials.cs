using Biomarkers.Pipeline.Access;
using Grpc.AspNetCore.Server;

namespace Biomarkers.Server.Access;

/// <summary>A credential that was good once: whose it is stands in the audit log when it is used again.</summary>
/// <param name="Identity">Such as <c>keys/7f3a</c>.</param>
/// <param name="Reason"><c>KEY_REVOKED</c>, <c>KEY_EXPIRED</c> or <c>CERTIFICATE_REVOKED</c>.</param>
internal sealed record RefusedCredential(string Identity, string Reason);

/// <summary>Counts refused calls in memory, by identity, method and reason, until they are written to the audit log: an attack costs the disk a few
/// lines per minute and not one per call.</summary>
internal sealed class Denials(AccessOptions options)
{
    /// <summary>Identity of whoever is not known.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>In place of identity and method where too many are counted already.</summary>
    public const string Others = "others";

    private readonly Lock access = new();
    private Dictionary<(string Identity, string Method, string Reason), (long Calls, string Peer)> counts = [];

    /// <summary>Counts one call.</summary>
    public void Count(HttpContext context, string reason)
    {
        RefusedCredential? refused = context.Features.Get<RefusedCredential>();
        string identity = context.Features.Get<Caller>()?.Identity ?? refused?.Identity ?? Anonymous;
        string method = context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName.TrimStart('/') ?? Others;
        Add(new Denial(identity, method, refused?.Reason ?? reason, 1, context.Connection.RemoteIpAddress?.ToString() ?? ""));
    }

    /// <summary>Takes what was counted, in the order of identities.</summary>
    public IReadOnlyList<Denial> Take()
    {
        lock (access)
        {
            Denial[] taken =
            [
                .. counts.OrderBy(count => count.Key.Identity, StringComparer.Ordinal).ThenBy(count => count.Key.Method, StringComparer.Ordinal)
                    .Select(count => new Denial(count.Key.Identity, count.Key.Method, count.Key.Reason, count.Value.Calls, count.Value.Peer)),
            ];
            counts = [];
            return taken;
        }
    }

    /// <summary>Puts back what could not be written.</summary>
    public void PutBack(IEnumerable<Denial> denials)
    {
        foreach (Denial denial in denials)
        {
            Add(denial);
        }
    }

    private void Add(Denial denial)
    {
        lock (access)
        {
            var key = (denial.Identity, denial.Method, denial.Reason);
            if (!counts.ContainsKey(key) && counts.Count >= options.DenialsCountedApart)
            {
                key = (Others, Others, denial.Reason);
            }

            counts[key] = (counts.GetValueOrDefault(key).Calls + denial.CallCount, denial.Peer);
        }
    }
}
