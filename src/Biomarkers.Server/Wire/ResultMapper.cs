using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Queries;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Server.Wire;

/// <summary>Results to the wire, and the conditions of their lists from it.</summary>
public static class ResultMapper
{
    /// <summary>Which results; an empty condition is none, and faults are added for what is no condition.</summary>
    public static ResultFilter ToFilter(V1.ListResultsRequest request, List<Fault> faults)
    {
        var words = new WireFaults();
        var filter = new ResultFilter(
            request.AnalyticalRun.Length == 0 ? null : ResourceNames.ParseAnalyticalRun("analytical_run", request.AnalyticalRun, faults),
            request.Plate.Length == 0 ? null : ResourceNames.ParsePlate("plate", request.Plate, faults),
            WireTexts.Read(request.SampleId, "sample_id", faults),
            ReadAnalyte(request.Analyte, faults),
            WireWords.ReadRangeStatus(request.RangeStatus, "range_status", words),
            WireTimes.Read(request.KnownAt, "known_at", faults),
            request.Released);
        faults.AddRange(words.List);
        return filter;
    }

    /// <summary>A version of a result.</summary>
    public static V1.Result ToWire(StoredResult stored)
    {
        SampleResult result = stored.Result;
        var wire = new V1.Result
        {
            Name = ResourceNames.Result(stored.ResultKey),
            SampleId = result.SampleId,
            Plate = ResourceNames.Plate(stored.PlateBarcode),
            AnalyticalRun = ResourceNames.AnalyticalRun(stored.RunKey),
            Assay = ResourceNames.Assay(stored.AssayName),
            Verdict = WireWords.Write(stored.Verdict),
            Analyte = result.Analyte,
            Version = stored.Version,
            Status = WireWords.Write(stored.Status),
            RangeStatus = WireWords.Write(result.RangeStatus),
            Unit = result.Unit.Code,
            DilutionFactor = result.DilutionFactor,
            Wells = { result.Wells.Select(well => well.ToString()) },
            LnConcentrationGradient = { result.LnConcentrationGradient ?? [] },
            FlagCodes = { result.FlagCodes },
            Specimen = result.Specimen is { } specimen ? ToWire(specimen) : null,
            CreateTime = stored.CreateTime.ToTimestamp(),
            SupersedesVersion = stored.Supersedes ?? 0,
            Reason = stored.Reason ?? string.Empty,
            CurrentVersion = stored.CurrentVersion ?? 0,
            OpenHolds = { stored.OpenHolds.Select(ReviewMapper.ToWire) },
            Signatures = { stored.Signatures.Select(ReviewMapper.ToWire) },
            VersionSha256 = stored.Hash.Hex,
            RepeatOf = stored.RepeatOf is { } original ? ReviewMapper.ToWire(original) : null,
            Repeats = { stored.Repeats.Select(ReviewMapper.ToWire) },
        };
        WireOptional.Set(result.Concentration, value => wire.Concentration = value);
        WireOptional.Set(result.Limit, value => wire.Limit = value);
        WireOptional.Set(result.Lower, value => wire.Lower = value);
        WireOptional.Set(result.Upper, value => wire.Upper = value);
        WireOptional.Set(result.CvPercent, value => wire.CvPercent = value);
        WireOptional.Set(result.ExtrapolatedConcentration, value => wire.ExtrapolatedConcentration = value);
        WireOptional.Set(result.MeanResponse, value => wire.MeanResponse = value);
        WireOptional.Set(result.ResponseVariance, value => wire.ResponseVariance = value);
        return wire;
    }

    private static string? ReadAnalyte(string analyte, List<Fault> faults)
    {
        if (analyte.Length == 0)
        {
            return null;
        }

        Texts.CheckName("analyte", analyte, faults);
        return analyte;
    }

    private static V1.Specimen ToWire(Specimen specimen)
    {
        var wire = new V1.Specimen
        {
            StudyId = specimen.StudyId ?? string.Empty,
            SubjectId = specimen.SubjectId ?? string.Empty,
            Visit = specimen.Visit ?? string.Empty,
            Timepoint = specimen.Timepoint ?? string.Empty,
            SpecimenType = specimen.SpecimenType ?? string.Empty,
            Anticoagulant = specimen.Anticoagulant ?? string.Empty,
            CollectionTime = WireTimes.Write(specimen.CollectionTime),
        };
        WireOptional.Set(specimen.HaemolysisIndex, value => wire.HaemolysisIndex = value);
        WireOptional.Set(specimen.Fasting, value => wire.Fasting = value);
        WireOptional.Set(specimen.FreezeThawCount, value => wire.FreezeThawCount = value);
        return wire;
    }
}
