using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Access;

/// <summary>Enrolls an instrument, or a retired one again.</summary>
/// <param name="InstrumentId">Its id.</param>
/// <param name="DisplayName">Name for people; empty for none, or for that which it has.</param>
/// <param name="Actor">Who.</param>
/// <param name="Reason">Why; null where it explains itself.</param>
public sealed record EnrollInstrument(string InstrumentId, string DisplayName, string Actor, string? Reason) : IStoreWrite<Checked<EnrolledInstrument>>
{
    /// <inheritdoc/>
    public async Task<Checked<EnrolledInstrument>> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        EnrolledInstrument? known = await context.Transaction.FindInstrumentAsync(InstrumentId, cancellationToken);
        if (known is null && await context.Transaction.CountInstrumentsAsync(cancellationToken) is var count and >= AccessLimits.Instruments)
        {
            return new List<Fault> { new("instrument_id", FaultReasons.LimitExceeded, $"There are {count} instruments; expected at most {AccessLimits.Instruments}.") };
        }

        string name = DisplayName.Length > 0 ? DisplayName : known?.DisplayName ?? "";
        if (known is { RetireTime: null } && known.DisplayName == name)
        {
            return known;
        }

        DateTimeOffset time = known is { RetireTime: null } ? known.EnrollTime : context.Now;
        var enrolled = new EnrolledInstrument(InstrumentId, name, time, Actor, null, known?.RevokedCertificates ?? []);
        await context.Transaction.SaveInstrumentAsync(enrolled, known is null, cancellationToken);
        context.Record(Actor, AuditActions.InstrumentEnrolled, EnrolledInstrument.ScopeOf(InstrumentId), Reason, name.Length > 0 ? name : null);
        return enrolled;
    }
}

/// <summary>Retires an instrument and revokes its keys.</summary>
/// <param name="InstrumentId">Its id.</param>
/// <param name="Actor">Who.</param>
/// <param name="Reason">Why.</param>
public sealed record RetireInstrument(string InstrumentId, string Actor, string Reason) : IStoreWrite<EnrolledInstrument?>
{
    /// <summary>Writes; null when the instrument was never enrolled.</summary>
    public async Task<EnrolledInstrument?> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        EnrolledInstrument? known = await context.Transaction.FindInstrumentAsync(InstrumentId, cancellationToken);
        if (known is null or { RetireTime: not null })
        {
            return known;
        }

        EnrolledInstrument retired = known with { RetireTime = context.Now };
        await context.Transaction.SaveInstrumentAsync(retired, isNew: false, cancellationToken);
        context.Record(Actor, AuditActions.InstrumentRetired, EnrolledInstrument.ScopeOf(InstrumentId), Reason);
        foreach (AccessKey key in await context.Transaction.ListActiveKeysAsync(EnrolledInstrument.ScopeOf(InstrumentId), context.Now, cancellationToken))
        {
            await RevokeKey.RevokeAsync(context, key, Actor, Reason, cancellationToken);
        }

        return retired;
    }
}

/// <summary>Refuses one certificate of an instrument for ever.</summary>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="Thumbprint">SHA-256 of the certificate, 64 hexadecimal digits in capitals.</param>
/// <param name="Actor">Who.</param>
/// <param name="Reason">Why.</param>
public sealed record RevokeCertificate(string InstrumentId, string Thumbprint, string Actor, string Reason) : IStoreWrite<Checked<EnrolledInstrument>?>
{
    /// <summary>Writes; null when the instrument was never enrolled.</summary>
    public async Task<Checked<EnrolledInstrument>?> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        EnrolledInstrument? known = await context.Transaction.FindInstrumentAsync(InstrumentId, cancellationToken);
        if (known is null || known.RevokedCertificates.Contains(Thumbprint))
        {
            return known is null ? null : (Checked<EnrolledInstrument>)known;
        }

        if (await context.Transaction.CountRevokedCertificatesAsync(cancellationToken) is var count and >= AccessLimits.RevokedCertificates)
        {
            return new List<Fault> { new("sha256_thumbprint", FaultReasons.LimitExceeded, $"There are {count} revoked certificates; expected at most {AccessLimits.RevokedCertificates}.") };
        }

        if (!await context.Transaction.InsertRevokedCertificateAsync(InstrumentId, Thumbprint, Actor, context.Now, cancellationToken))
        {
            return new List<Fault> { new("sha256_thumbprint", FaultReasons.Duplicate, "The certificate is revoked already, for another instrument.") };
        }

        context.Record(Actor, AuditActions.CertificateRevoked, EnrolledInstrument.ScopeOf(InstrumentId), Reason, $"SHA-256 {Thumbprint}");
        return known with { RevokedCertificates = [.. known.RevokedCertificates, Thumbprint] };
    }
}

/// <summary>Reasons of faults of the access rules, beside those of content.</summary>
public static class AccessReasons
{
    /// <summary>The instrument is not enrolled, or retired.</summary>
    public const string InstrumentUnknown = "INSTRUMENT_UNKNOWN";
}

/// <summary>Resource names in the audit.</summary>
internal static class AccessTargets
{
    public static string Key(string keyId) => $"keys/{keyId}";
}
