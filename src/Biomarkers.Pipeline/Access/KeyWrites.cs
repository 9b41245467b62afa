using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Access;

/// <summary>Adds a key.</summary>
/// <param name="KeyId">Public id, new.</param>
/// <param name="Name">Who or what holds it.</param>
/// <param name="SecretHash">SHA-256 of the key's text.</param>
/// <param name="Roles">What it may do.</param>
/// <param name="InstrumentId">The one instrument that it sends for; null for none.</param>
/// <param name="ValidFor">How long it is accepted.</param>
/// <param name="Actor">Who makes it.</param>
/// <param name="Reason">Why; null where it explains itself.</param>
public sealed record CreateKey(
    string KeyId, string Name, ContentHash SecretHash, IReadOnlyList<string> Roles, string? InstrumentId, TimeSpan ValidFor, string Actor, string? Reason)
    : IStoreWrite<Checked<AccessKey>>
{
    /// <inheritdoc/>
    public async Task<Checked<AccessKey>> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        // The lock of the instrument's row: who retires it at the same time revokes this key too, or is seen here.
        if (InstrumentId is not null
            && await context.Transaction.FindInstrumentAsync(InstrumentId, cancellationToken) is not { RetireTime: null })
        {
            return new List<Fault> { new("instrument", AccessReasons.InstrumentUnknown, $"Instrument '{InstrumentId}' is not enrolled; enroll it first.") };
        }

        var key = new AccessKey(
            KeyId, Name, SecretHash, Roles, InstrumentId is null ? null : EnrolledInstrument.ScopeOf(InstrumentId), Actor, context.Now, context.Now + ValidFor);
        return await AddAsync(context, key, AuditActions.KeyCreated, Reason, null, cancellationToken);
    }

    // detail says of what key it is the successor.
    internal static async Task<Checked<AccessKey>> AddAsync(
        WriteContext context, AccessKey key, string action, string? reason, string? predecessor, CancellationToken cancellationToken)
    {
        (int ofName, int all) = await context.Transaction.CountActiveKeysAsync(key.Name, context.Now, cancellationToken);
        if (ofName >= AccessLimits.ActiveKeysPerName || all >= AccessLimits.ActiveKeys)
        {
            string description = ofName >= AccessLimits.ActiveKeysPerName
                ? $"'{key.Name}' has {ofName} active keys; expected at most {AccessLimits.ActiveKeysPerName}. Revoke one first."
                : $"There are {all} active keys; expected at most {AccessLimits.ActiveKeys}.";
            return new List<Fault> { new("display_name", FaultReasons.LimitExceeded, description) };
        }

        await context.Transaction.InsertKeyAsync(key, cancellationToken);
        string scope = key.Scope is null ? "" : $" for {key.Scope}";
        string detail = $"{key.Name}: {string.Join(' ', key.Roles)}{scope}, until {key.ExpireTime.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}";
        context.Record(key.Actor, action, AccessTargets.Key(key.KeyId), reason, predecessor is null ? detail : $"{detail}; {predecessor}");
        return key;
    }
}

/// <summary>Adds a second key like a first one, which goes on for a while.</summary>
/// <param name="OldKeyId">Id of the first.</param>
/// <param name="NewKeyId">Id of the second, new.</param>
/// <param name="SecretHash">SHA-256 of the second one's text.</param>
/// <param name="Overlap">How long the first goes on.</param>
/// <param name="ValidFor">How long the second is accepted.</param>
/// <param name="Actor">Who.</param>
/// <param name="Reason">Why; null where it explains itself.</param>
public sealed record RotateKey(string OldKeyId, string NewKeyId, ContentHash SecretHash, TimeSpan Overlap, TimeSpan ValidFor, string Actor, string? Reason)
    : IStoreWrite<Checked<AccessKey>?>
{
    /// <summary>Writes; null when there is no such key.</summary>
    public async Task<Checked<AccessKey>?> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        if (await context.Transaction.FindKeyAsync(OldKeyId, cancellationToken) is not { } old)
        {
            return null;
        }

        if (!old.IsActiveAt(context.Now))
        {
            string state = old.RevokeTime is null ? "expired" : "revoked";
            return new List<Fault> { new("name", FaultReasons.OutOfRange, $"Key '{OldKeyId}' is {state}; expected an active one. Create a new key.") };
        }

        // The lock of the instrument's row, as for a new key. Who locks in the other order at the same time is second, and tries again.
        if (old.InstrumentId is { } instrument && await context.Transaction.FindInstrumentAsync(instrument, cancellationToken) is not { RetireTime: null })
        {
            return new List<Fault> { new("name", AccessReasons.InstrumentUnknown, $"Instrument '{instrument}' is not enrolled any more.") };
        }

        DateTimeOffset end = context.Now + Overlap;
        end = end < old.ExpireTime ? end : old.ExpireTime;
        if (end <= context.Now)
        {
            await context.Transaction.SetKeyEndAsync(old.KeyId, old.ExpireTime, context.Now, cancellationToken);
        }
        else
        {
            await context.Transaction.SetKeyEndAsync(old.KeyId, end, null, cancellationToken);
        }

        var key = new AccessKey(NewKeyId, old.Name, SecretHash, old.Roles, old.Scope, Actor, context.Now, context.Now + ValidFor);
        string predecessor = $"{AccessTargets.Key(OldKeyId)} ends {end.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}";
        Checked<AccessKey> added = await CreateKey.AddAsync(context, key, AuditActions.KeyRotated, Reason, predecessor, cancellationToken);
        if (added.Value is null)
        {
            // Nothing of a rotation that can't be made.
            await context.Transaction.SetKeyEndAsync(old.KeyId, old.ExpireTime, null, cancellationToken);
        }

        return added;
    }
}

/// <summary>Revokes a key for ever.</summary>
/// <param name="KeyId">Its id.</param>
/// <param name="Actor">Who.</param>
/// <param name="Reason">Why.</param>
public sealed record RevokeKey(string KeyId, string Actor, string Reason) : IStoreWrite<AccessKey?>
{
    /// <summary>Writes; null when there is no such key.</summary>
    public async Task<AccessKey?> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        AccessKey? key = await context.Transaction.FindKeyAsync(KeyId, cancellationToken);
        return key is null or { RevokeTime: not null } ? key : await RevokeAsync(context, key, Actor, Reason, cancellationToken);
    }

    internal static async Task<AccessKey> RevokeAsync(WriteContext context, AccessKey key, string actor, string reason, CancellationToken cancellationToken)
    {
        await context.Transaction.SetKeyEndAsync(key.KeyId, key.ExpireTime, context.Now, cancellationToken);
        context.Record(actor, AuditActions.KeyRevoked, AccessTargets.Key(key.KeyId), reason, key.Name);
        return key with { RevokeTime = context.Now };
    }
}

/// <summary>Notes when keys were last used: what is counted in memory, now and then. No audit event: the calls that changed something have theirs.</summary>
/// <param name="Uses">Newest use by id of the key.</param>
public sealed record NoteKeyUse(IReadOnlyDictionary<string, DateTimeOffset> Uses) : IStoreWrite<bool>
{
    /// <inheritdoc/>
    public async Task<bool> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        // In one order at every server: two that note the same keys wait for each other instead of for ever.
        foreach ((string keyId, DateTimeOffset time) in Uses.OrderBy(use => use.Key, StringComparer.Ordinal))
        {
            await context.Transaction.NoteKeyUseAsync(keyId, time, cancellationToken);
        }

        return true;
    }
}

/// <summary>Writes denials to the audit log: one event for all calls of one identity, method and reason.</summary>
/// <param name="Denials">What was counted.</param>
public sealed record RecordDenials(IReadOnlyList<Denial> Denials) : IStoreWrite<bool>
{
    /// <inheritdoc/>
    public Task<bool> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        foreach (Denial denial in Denials)
        {
            string detail = System.Text.Encoding.UTF8.GetString(CanonicalJson.Serialize(new DenialDetail(denial.CallCount, denial.Peer)));
            context.Record(denial.Identity, AuditActions.AccessDenied, denial.Method, denial.Reason, detail);
        }

        return Task.FromResult(true);
    }
}
