using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Results.Delivery;

/// <summary>What must hold for the numbers of a result that leaves.</summary>
internal static class ReportedMeasurementChecks
{
    /// <summary>Every format writes such numbers without an exponent, and FHIR's decimals hold all their digits.</summary>
    private const double LeastConcentration = 1e-12;
    private const double MostConcentration = 1e12;

    /// <summary>The ends of an interval are computed by another way than the number: of one without width, as wells that agree to the last digit give it, they may lie beside
    /// it in the last digits.</summary>
    private const double IntervalRounding = 1e-9;
    private const double MostPercent = 1e12;
    private const double MostResponse = 1e15;

    public static void Check(ReportedMeasurement measurement, ResultStatus status, List<Fault> faults)
    {
        CheckRangeStatus(measurement.RangeStatus, status, faults);
        CheckPresence("concentration", measurement.Concentration, measurement.RangeStatus == RangeStatus.Quantified, measurement.RangeStatus, faults);
        CheckPresence("limit", measurement.Limit, measurement.RangeStatus is RangeStatus.BelowLloq or RangeStatus.AboveUloq, measurement.RangeStatus, faults);
        CheckNumber("concentration", measurement.Concentration, LeastConcentration, MostConcentration, faults);
        CheckNumber("limit", measurement.Limit, LeastConcentration, MostConcentration, faults);
        CheckNumber("lower", measurement.Lower, 0, MostConcentration, faults);
        CheckNumber("upper", measurement.Upper, 0, MostConcentration, faults);
        CheckInterval(measurement, faults);
        CheckNumber("cv_percent", measurement.CvPercent, 0, MostPercent, faults);
        CheckNumber("mean_response", measurement.MeanResponse, -MostResponse, MostResponse, faults);
        CheckFlags(measurement, status, faults);
    }

    /// <summary>A number that is there is finite and within its limits, both included.</summary>
    public static void CheckNumber(string field, double? value, double least, double most, List<Fault> faults)
    {
        if (value is not { } number)
        {
            return;
        }

        if (!double.IsFinite(number))
        {
            faults.Add(new Fault(field, FaultReasons.NonFinite, $"{number} is not a finite number."));
        }
        else if (number < least || number > most)
        {
            faults.Add(new Fault(field, FaultReasons.OutOfRange, $"{number:R} is outside {least:R} to {most:R}."));
        }
    }

    private static void CheckRangeStatus(RangeStatus rangeStatus, ResultStatus status, List<Fault> faults)
    {
        if (!Enum.IsDefined(rangeStatus))
        {
            faults.Add(new Fault("range_status", FaultReasons.UnknownWord, $"Range status {(int)rangeStatus} is not known."));
            return;
        }

        bool hasValue = rangeStatus != RangeStatus.NotDetermined;
        if (status is ResultStatus.Final or ResultStatus.Corrected && !hasValue)
        {
            faults.Add(new Fault("range_status", FaultReasons.OutOfRange, $"A {status} version without a value can't leave; expected it cancelled, with the reason."));
        }

        if (status is ResultStatus.Cancelled or ResultStatus.Withdrawn && hasValue)
        {
            faults.Add(new Fault("range_status", FaultReasons.OutOfRange, $"A {status} version carries no value; expected {RangeStatus.NotDetermined}, got {rangeStatus}."));
        }
    }

    private static void CheckPresence(string field, double? value, bool isExpected, RangeStatus rangeStatus, List<Fault> faults)
    {
        if (value is null && isExpected)
        {
            faults.Add(new Fault(field, FaultReasons.Required, $"The result is {rangeStatus}; expected a number."));
        }
        else if (value is { } number && !isExpected)
        {
            faults.Add(new Fault(field, FaultReasons.OutOfRange, $"The result is {rangeStatus}; expected no number, got {number}."));
        }
    }

    private static void CheckInterval(ReportedMeasurement measurement, List<Fault> faults)
    {
        if (measurement.RangeStatus != RangeStatus.Quantified && (measurement.Lower ?? measurement.Upper) is not null)
        {
            faults.Add(new Fault("lower", FaultReasons.OutOfRange, $"The result is {measurement.RangeStatus}; expected no interval."));
        }
        else if (measurement.Lower > measurement.Concentration * (1 + IntervalRounding) || measurement.Upper < measurement.Concentration * (1 - IntervalRounding))
        {
            faults.Add(new Fault("lower", FaultReasons.OutOfRange, $"The interval {measurement.Lower:R} to {measurement.Upper:R} does not hold the concentration {measurement.Concentration:R}."));
        }
    }

    private static void CheckFlags(ReportedMeasurement measurement, ResultStatus status, List<Fault> faults)
    {
        foreach (string code in measurement.FlagCodes)
        {
            if (!IsFlagCode(code))
            {
                faults.Add(new Fault("flag_codes", FaultReasons.InvalidText, $"'{Immunoassay.Plates.Texts.Shorten(code)}' is no code of a finding; expected one such as {FlagCodes.ReplicateCv}."));
            }
        }

        if (measurement.FlagCodes.Distinct(StringComparer.Ordinal).Count() != measurement.FlagCodes.Count)
        {
            faults.Add(new Fault("flag_codes", FaultReasons.Duplicate, "A code stands twice."));
        }

        if (status is ResultStatus.Final or ResultStatus.Corrected)
        {
            CheckContradiction(measurement, FlagCodes.RunRejected, isPossible: false, faults);
            CheckContradiction(measurement, FlagCodes.BelowLloq, measurement.RangeStatus == RangeStatus.BelowLloq, faults);
            CheckContradiction(measurement, FlagCodes.AboveUloq, measurement.RangeStatus == RangeStatus.AboveUloq, faults);
        }
    }

    private static void CheckContradiction(ReportedMeasurement measurement, string code, bool isPossible, List<Fault> faults)
    {
        if (!isPossible && measurement.FlagCodes.Contains(code))
        {
            faults.Add(new Fault("flag_codes", FaultReasons.OutOfRange, $"{code} contradicts a released result that is {measurement.RangeStatus}."));
        }
    }

    private static bool IsFlagCode(string code) =>
        code.Length is >= 3 and <= 40 && char.IsAsciiLetterUpper(code[0]) && code[1] == '_' && code.AsSpan(2).IndexOfAnyExcept(FlagLetters) < 0;

    private static readonly System.Buffers.SearchValues<char> FlagLetters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}
