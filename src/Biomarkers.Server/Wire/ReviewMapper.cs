using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Review;
using Biomarkers.Results.Review;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Server.Wire;

/// <summary>Steps of review from the wire, and what came of them to it.</summary>
public static class ReviewMapper
{
    /// <summary>Most results of one step.</summary>
    public const int MaximumResults = 1000;

    private const string ResultsField = "results";

    /// <summary>Versions that a step names: 1 to <see cref="MaximumResults"/>, each result once.</summary>
    public static IReadOnlyList<NamedVersion> ReadVersions(RepeatedField<string> names, List<Fault> faults)
    {
        var read = new List<NamedVersion>(names.Count);
        foreach ((long key, int? version, string field) in ReadNames(names, faults))
        {
            if (version is { } number)
            {
                read.Add(new NamedVersion(key, number, field));
            }
            else
            {
                faults.Add(new Fault(field, FaultReasons.Required, $"'results/{key}' names no version; expected results/{key}@N, the version that was looked at."));
            }
        }

        return read;
    }

    /// <summary>Results that are named without a version, each once.</summary>
    public static IReadOnlyList<long> ReadResults(RepeatedField<string> names, List<Fault> faults)
    {
        var read = new List<long>(names.Count);
        foreach ((long key, int? version, string field) in ReadNames(names, faults))
        {
            read.Add(key);
            if (version is not null)
            {
                faults.Add(new Fault(field, FaultReasons.InvalidText, $"A hold is of all versions; expected results/{key} without a version."));
            }
        }

        return read;
    }

    /// <summary>A result that is named without a version.</summary>
    public static long? ReadResult(string field, string name, List<Fault> faults)
    {
        (long ResultKey, int? Version)? read = ResourceNames.ParseResult(field, name, faults);
        if (read?.Version is not null)
        {
            faults.Add(new Fault(field, FaultReasons.InvalidText, $"'{name}' names a version; expected results/{read.Value.ResultKey}."));
        }

        return read?.ResultKey;
    }

    /// <summary>What a signature means.</summary>
    /// <param name="signing">The message; null where a request lacks it.</param>
    /// <param name="needsName">Whether the caller must say who signs.</param>
    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT.</exception>
    public static SignatureMeaning ReadSigning(V1.SigningRequest? signing, bool needsName)
    {
        if (signing is null)
        {
            throw RpcErrors.InvalidArgument([new Fault("signing", FaultReasons.Required, "Expected the signature's meaning and the signer's proof.")]);
        }

        var faults = new WireFaults();
        SignatureMeaning meaning = WireWords.ReadSignatureMeaning(signing.Meaning, "meaning", faults);
        if (needsName)
        {
            Texts.CheckText("signer_name", signing.SignerName, faults.List);
        }

        return faults.Any ? throw RpcErrors.InvalidArgument(faults.Below("signing")) : meaning;
    }

    /// <summary>Wells to leave out.</summary>
    public static IReadOnlyList<ExcludedWell> ReadExclusions(RepeatedField<V1.WellExclusion> exclusions, List<Fault> faults)
    {
        var read = new List<ExcludedWell>();
        for (int i = 0; i < exclusions.Count && i < PlateFormat.Wells1536.WellCount; i++)
        {
            string field = $"exclusions[{i}]";
            Texts.CheckText($"{field}.reason", exclusions[i].Reason, faults);
            if (WellPosition.TryParse(exclusions[i].Position, out WellPosition position))
            {
                read.Add(new ExcludedWell(position, exclusions[i].Reason, field));
            }
            else
            {
                faults.Add(new Fault($"{field}.position", FaultReasons.InvalidWell, $"'{Texts.Shorten(exclusions[i].Position)}' is no well; expected one such as A01."));
            }
        }

        if (exclusions.Count > PlateFormat.Wells1536.WellCount)
        {
            faults.Add(new Fault("exclusions", FaultReasons.LimitExceeded, $"{exclusions.Count} wells are named; expected at most one per well of the plate."));
        }

        return read;
    }

    /// <summary>A hold.</summary>
    public static V1.ResultHold ToWire(ResultHold hold) => new()
    {
        Name = ResourceNames.ResultHold(hold.HoldKey),
        Result = ResourceNames.Result(hold.ResultKey),
        Reason = hold.Reason,
        Actor = hold.Actor,
        PlaceTime = hold.PlaceTime.ToTimestamp(),
        LiftReason = hold.Lift?.Reason ?? string.Empty,
        LiftActor = hold.Lift?.Actor ?? string.Empty,
        LiftTime = hold.Lift?.Time.ToTimestamp(),
    };

    /// <summary>A link of a repeat.</summary>
    public static V1.RepeatLink ToWire(RepeatLink link) => new()
    {
        Name = ResourceNames.RepeatLink(link.LinkKey),
        Repeat = ResourceNames.Result(link.RepeatKey),
        Original = ResourceNames.Result(link.OriginalKey),
        Reason = link.Reason,
        Actor = link.Actor,
        LinkTime = link.LinkTime.ToTimestamp(),
        UnlinkReason = link.Unlink?.Reason ?? string.Empty,
        UnlinkActor = link.Unlink?.Actor ?? string.Empty,
        UnlinkTime = link.Unlink?.Time.ToTimestamp(),
    };

    /// <summary>A signature.</summary>
    public static V1.Signature ToWire(Signature signature) => new()
    {
        SignerName = signature.SignerName,
        Meaning = WireWords.Write(signature.Meaning),
        SignTime = signature.Time.ToTimestamp(),
        Actor = signature.Actor,
        Method = WireWords.Write(signature.Method),
        VersionSha256 = signature.VersionHash.Hex,
    };

    /// <summary>A result before and after.</summary>
    public static V1.AffectedResult ToWire(AffectedResult affected) => new()
    {
        Before = affected.Before is { } before ? ResultMapper.ToWire(before) : null,
        After = affected.After is { } after ? ResultMapper.ToWire(after) : null,
        Withheld = affected.Withheld ?? string.Empty,
    };

    private static IEnumerable<(long Key, int? Version, string Field)> ReadNames(RepeatedField<string> names, List<Fault> faults)
    {
        if (names.Count is 0 or > MaximumResults)
        {
            faults.Add(new Fault(ResultsField, names.Count == 0 ? FaultReasons.Required : FaultReasons.LimitExceeded, $"{names.Count} results are named; expected 1 to {MaximumResults}."));
            yield break;
        }

        var seen = new Dictionary<long, int>();
        for (int i = 0; i < names.Count; i++)
        {
            string field = $"{ResultsField}[{i}]";
            if (ResourceNames.ParseResult(field, names[i], faults) is not { } name)
            {
                continue;
            }

            if (!seen.TryAdd(name.ResultKey, i))
            {
                faults.Add(new Fault(field, FaultReasons.Duplicate, $"'results/{name.ResultKey}' is named twice, first at {ResultsField}[{seen[name.ResultKey]}]; expected each result once."));
            }

            yield return (name.ResultKey, name.Version, field);
        }
    }
}
