using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Access;
using Biomarkers.Server.Access;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Server.Wire;

/// <summary>Instruments, keys and denials, both ways.</summary>
internal static class AccessMapper
{
    private const int ThumbprintLength = 64;
    private static readonly TimeSpan LeastKeyLife = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan DefaultOverlap = TimeSpan.FromDays(7);
    private static readonly TimeSpan MaximumOverlap = TimeSpan.FromDays(30);

    // In the order of the wire.
    private static readonly Dictionary<V1.Role, string> RoleNames = new()
    {
        [V1.Role.Instrument] = Roles.Instrument,
        [V1.Role.Analyst] = Roles.Analyst,
        [V1.Role.Reviewer] = Roles.Reviewer,
        [V1.Role.Lims] = Roles.Lims,
        [V1.Role.Auditor] = Roles.Auditor,
        [V1.Role.Admin] = Roles.Admin,
    };

    public static V1.Instrument ToWire(EnrolledInstrument instrument) => new()
    {
        Name = ResourceNames.Instrument(instrument.InstrumentId),
        DisplayName = instrument.DisplayName,
        EnrollTime = Timestamp.FromDateTimeOffset(instrument.EnrollTime),
        RetireTime = ToWire(instrument.RetireTime),
        RevokedCertificates = { instrument.RevokedCertificates },
    };

    public static V1.AccessKey ToWire(AccessKey key, DateTimeOffset now) => new()
    {
        Name = ResourceNames.Key(key.KeyId),
        DisplayName = key.Name,
        Roles = { key.Roles.Select(role => RoleNames.First(pair => pair.Value == role).Key) },
        Instrument = key.Scope ?? "",
        CreateTime = Timestamp.FromDateTimeOffset(key.CreateTime),
        ExpireTime = Timestamp.FromDateTimeOffset(key.ExpireTime),
        RevokeTime = ToWire(key.RevokeTime),
        LastUseTime = ToWire(key.LastUseTime),
        Active = key.IsActiveAt(now),
    };

    public static V1.Denial ToWire(RecordedDenial denial) => new()
    {
        Identity = denial.Denial.Identity,
        Method = denial.Denial.Method,
        Reason = denial.Denial.Reason,
        CallCount = denial.Denial.CallCount,
        Peer = denial.Denial.Peer,
        RecordTime = Timestamp.FromDateTimeOffset(denial.Time),
    };

    /// <summary>Names of roles, in one order, each once. The role instrument stands alone, with its instrument.</summary>
    public static IReadOnlyList<string> ReadRoles(IReadOnlyCollection<V1.Role> roles, string instrument, List<Fault> faults)
    {
        if (roles.Count == 0)
        {
            faults.Add(new Fault("roles", FaultReasons.Required, $"Expected at least one role of {string.Join(", ", Roles.All)}."));
        }

        foreach (V1.Role role in roles.Where(role => !RoleNames.ContainsKey(role)))
        {
            faults.Add(new Fault("roles", FaultReasons.UnknownWord, $"'{role}' is no role; expected {string.Join(", ", Roles.All)}."));
        }

        bool isInstrument = roles.Contains(V1.Role.Instrument);
        if (isInstrument && roles.Distinct().Count() > 1)
        {
            faults.Add(new Fault("roles", FaultReasons.OutOfRange, "The role instrument stands alone: a machine that sends needs to read no results. Make a second key for the other roles."));
        }

        if (isInstrument && instrument.Length == 0)
        {
            faults.Add(new Fault("instrument", FaultReasons.Required, "The role instrument needs the instrument that it is; expected instruments/{instrument}."));
        }
        else if (!isInstrument && instrument.Length > 0)
        {
            faults.Add(new Fault("instrument", FaultReasons.OutOfRange, "An instrument goes with the role instrument alone."));
        }

        return [.. RoleNames.Where(pair => roles.Contains(pair.Key)).Select(pair => pair.Value)];
    }

    /// <summary>How long a key is accepted.</summary>
    public static TimeSpan ReadLife(Duration? validFor, AccessOptions options, List<Fault> faults)
    {
        TimeSpan usual = options.DefaultKeyLife < options.MaximumKeyLife ? options.DefaultKeyLife : options.MaximumKeyLife;
        return Read(validFor, "valid_for", usual, LeastKeyLife, options.MaximumKeyLife, faults);
    }

    /// <summary>How long a key goes on beside its successor.</summary>
    public static TimeSpan ReadOverlap(Duration? overlap, List<Fault> faults) => Read(overlap, "overlap", DefaultOverlap, TimeSpan.Zero, MaximumOverlap, faults);

    /// <summary>A reason; null where it is empty and may be, or with a fault.</summary>
    public static string? ReadReason(string reason, bool isRequired, List<Fault> faults)
    {
        if (reason.Length > 0)
        {
            Texts.CheckText("reason", reason, faults);
            return reason;
        }

        if (isRequired)
        {
            faults.Add(new Fault("reason", FaultReasons.ReasonRequired, "Expected why, for the audit log."));
        }

        return null;
    }

    /// <summary>SHA-256 of a certificate in capitals; empty with a fault.</summary>
    public static string ReadThumbprint(string text, List<Fault> faults)
    {
        string digits = text.Replace(":", "", StringComparison.Ordinal).ToUpperInvariant();
        if (digits.Length == ThumbprintLength && digits.All(char.IsAsciiHexDigit))
        {
            return digits;
        }

        string description = $"'{Texts.Shorten(text)}' is no SHA-256 of a certificate; expected {ThumbprintLength} hexadecimal digits, as 'openssl x509 -fingerprint -sha256' prints them.";
        faults.Add(new Fault("sha256_thumbprint", text.Length == 0 ? FaultReasons.Required : FaultReasons.InvalidText, description));
        return "";
    }

    private static TimeSpan Read(Duration? duration, string field, TimeSpan usual, TimeSpan least, TimeSpan most, List<Fault> faults)
    {
        if (duration is null)
        {
            return usual;
        }

        // In whole seconds first: a duration of the wire may be longer than any of ours.
        if (duration.Seconds >= (long)least.TotalSeconds && duration.Seconds <= (long)most.TotalSeconds && duration.Nanos is >= 0 and < 1_000_000_000)
        {
            return TimeSpan.FromSeconds(duration.Seconds);
        }

        faults.Add(new Fault(field, FaultReasons.OutOfRange, $"{duration.Seconds} s is out of range; expected {(long)least.TotalSeconds} to {(long)most.TotalSeconds} s."));
        return usual;
    }

    private static Timestamp? ToWire(DateTimeOffset? time) => time is { } instant ? Timestamp.FromDateTimeOffset(instant) : null;
}
