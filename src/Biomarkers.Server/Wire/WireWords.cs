using System.Reflection;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Review;
using Google.Protobuf.Reflection;

namespace Biomarkers.Server.Wire;

/// <summary>The words of closed lists, both ways. A word that the wire does not know is a bug of ours; one that the domain does not know is
/// a fault of the sender.</summary>
internal static class WireWords
{
    /// <summary>What a detector counts; required.</summary>
    public static ResponseKind ReadResponseKind(V1.ResponseKind word, string field, WireFaults faults) => word switch
    {
        V1.ResponseKind.OpticalDensity => ResponseKind.OpticalDensity,
        V1.ResponseKind.Luminescence => ResponseKind.Luminescence,
        V1.ResponseKind.MedianFluorescence => ResponseKind.MedianFluorescence,
        V1.ResponseKind.Electrochemiluminescence => ResponseKind.Electrochemiluminescence,
        V1.ResponseKind.Fluorescence => ResponseKind.Fluorescence,
        _ => Refused(word, ResponseKind.OpticalDensity, field, faults),
    };

    /// <summary>What a column is for; unspecified means measurement.</summary>
    public static ColumnPurpose ReadColumnPurpose(V1.ColumnPurpose word, string field, WireFaults faults) => word switch
    {
        V1.ColumnPurpose.Unspecified or V1.ColumnPurpose.Measurement => ColumnPurpose.Measurement,
        V1.ColumnPurpose.Reference => ColumnPurpose.Reference,
        _ => Refused(word, ColumnPurpose.Measurement, field, faults),
    };

    /// <summary>Why a well has no number; required.</summary>
    public static WellStatus ReadWellStatus(V1.WellStatus word, string field, WireFaults faults) => word switch
    {
        V1.WellStatus.Saturated => WellStatus.Saturated,
        V1.WellStatus.Masked => WellStatus.Masked,
        V1.WellStatus.Missing => WellStatus.Missing,
        V1.WellStatus.Unreadable => WellStatus.Unreadable,
        _ => Refused(word, WellStatus.Missing, field, faults),
    };

    /// <summary>How a calibrator takes part; unspecified means calibrator.</summary>
    public static CalibratorKind ReadCalibratorKind(V1.CalibratorKind word, string field, WireFaults faults) => word switch
    {
        V1.CalibratorKind.Unspecified or V1.CalibratorKind.Calibrator => CalibratorKind.Calibrator,
        V1.CalibratorKind.Anchor => CalibratorKind.Anchor,
        V1.CalibratorKind.Zero => CalibratorKind.Zero,
        _ => Refused(word, CalibratorKind.Calibrator, field, faults),
    };

    /// <summary>What a lot is a lot of; required.</summary>
    public static LotKind ReadLotKind(V1.LotKind word, string field, WireFaults faults) => word switch
    {
        V1.LotKind.Kit => LotKind.Kit,
        V1.LotKind.Calibrator => LotKind.Calibrator,
        V1.LotKind.Control => LotKind.Control,
        _ => Refused(word, LotKind.Kit, field, faults),
    };

    /// <summary>Form of an analyte; unspecified means not applicable.</summary>
    public static AnalyteForm ReadAnalyteForm(V1.AnalyteForm word, string field, WireFaults faults) => word switch
    {
        V1.AnalyteForm.Unspecified or V1.AnalyteForm.NotApplicable => AnalyteForm.NotApplicable,
        V1.AnalyteForm.Total => AnalyteForm.Total,
        V1.AnalyteForm.Intact => AnalyteForm.Intact,
        _ => Refused(word, AnalyteForm.NotApplicable, field, faults),
    };

    /// <summary>What a curve is fitted to; unspecified means wells.</summary>
    public static FitBasis ReadFitBasis(V1.FitBasis word, string field, WireFaults faults) => word switch
    {
        V1.FitBasis.Unspecified or V1.FitBasis.Wells => FitBasis.Wells,
        V1.FitBasis.ReplicateMeans => FitBasis.ReplicateMeans,
        _ => Refused(word, FitBasis.Wells, field, faults),
    };

    /// <summary>What happens to blanks; unspecified means nothing.</summary>
    public static BlankTreatment ReadBlankTreatment(V1.BlankTreatment word, string field, WireFaults faults) => word switch
    {
        V1.BlankTreatment.Unspecified or V1.BlankTreatment.Ignore => BlankTreatment.Ignore,
        V1.BlankTreatment.Subtract => BlankTreatment.Subtract,
        _ => Refused(word, BlankTreatment.Ignore, field, faults),
    };

    /// <summary>Who lets results leave; unspecified means a reviewer.</summary>
    public static ResultRelease ReadResultRelease(V1.ResultRelease word, string field, WireFaults faults) => word switch
    {
        V1.ResultRelease.Unspecified or V1.ResultRelease.ByReview => ResultRelease.ByReview,
        V1.ResultRelease.Automatic => ResultRelease.Automatic,
        _ => Refused(word, ResultRelease.ByReview, field, faults),
    };

    /// <summary>What a signature means; required.</summary>
    public static SignatureMeaning ReadSignatureMeaning(V1.SignatureMeaning word, string field, WireFaults faults) => word switch
    {
        V1.SignatureMeaning.Review => SignatureMeaning.Review,
        V1.SignatureMeaning.Approval => SignatureMeaning.Approval,
        V1.SignatureMeaning.Responsibility => SignatureMeaning.Responsibility,
        V1.SignatureMeaning.Authorship => SignatureMeaning.Authorship,
        _ => Refused(word, SignatureMeaning.Review, field, faults),
    };

    /// <summary>A condition on the state of plates; null for none.</summary>
    public static PlateState? ReadPlateState(V1.PlateState word, string field, WireFaults faults) => word switch
    {
        V1.PlateState.Unspecified => null,
        V1.PlateState.Receiving => PlateState.Receiving,
        V1.PlateState.WaitingForLayout => PlateState.WaitingForLayout,
        V1.PlateState.WaitingForRead => PlateState.WaitingForRead,
        V1.PlateState.Ready => PlateState.Ready,
        V1.PlateState.Analyzed => PlateState.Analyzed,
        V1.PlateState.Parked => PlateState.Parked,
        V1.PlateState.Held => PlateState.Held,
        V1.PlateState.WaitingForWavelength => PlateState.WaitingForWavelength,
        _ => Refused(word, PlateState.Ready, field, faults),
    };

    /// <summary>A condition on the verdict of runs; null for none.</summary>
    public static RunVerdict? ReadVerdict(V1.RunVerdict word, string field, WireFaults faults) => word switch
    {
        V1.RunVerdict.Unspecified => null,
        V1.RunVerdict.Accepted => RunVerdict.Accepted,
        V1.RunVerdict.Rejected => RunVerdict.Rejected,
        _ => Refused(word, RunVerdict.Accepted, field, faults),
    };

    /// <summary>A condition on the range status of results; null for none.</summary>
    public static RangeStatus? ReadRangeStatus(V1.RangeStatus word, string field, WireFaults faults) => word switch
    {
        V1.RangeStatus.Unspecified => null,
        V1.RangeStatus.Quantified => RangeStatus.Quantified,
        V1.RangeStatus.BelowLloq => RangeStatus.BelowLloq,
        V1.RangeStatus.AboveUloq => RangeStatus.AboveUloq,
        V1.RangeStatus.NotDetermined => RangeStatus.NotDetermined,
        _ => Refused(word, RangeStatus.Quantified, field, faults),
    };

    /// <summary>A status of results that left.</summary>
    public static ResultStatus ReadReleasedStatus(V1.ResultStatus word, string field, WireFaults faults) => word switch
    {
        V1.ResultStatus.Final => ResultStatus.Final,
        V1.ResultStatus.Corrected => ResultStatus.Corrected,
        V1.ResultStatus.Withdrawn => ResultStatus.Withdrawn,
        V1.ResultStatus.Cancelled => ResultStatus.Cancelled,
        V1.ResultStatus.Preliminary => NeverLeaves(field, faults),
        _ => Refused(word, ResultStatus.Final, field, faults),
    };

    /// <summary>Whether the oldest comes first; unspecified means newest first.</summary>
    public static bool ReadIsOldestFirst(V1.ListOrder word, string field, WireFaults faults) => word switch
    {
        V1.ListOrder.Unspecified or V1.ListOrder.NewestFirst => false,
        V1.ListOrder.OldestFirst => true,
        _ => Refused(word, false, field, faults),
    };

    // The wire's words are spelt as the domain's: one rule instead of a table per list, and a test over every word holds it.
    public static V1.ResponseKind Write(ResponseKind word) => Same<ResponseKind, V1.ResponseKind>(word);

    public static V1.AnalyteForm Write(AnalyteForm word) => Same<AnalyteForm, V1.AnalyteForm>(word);

    public static V1.FitBasis Write(FitBasis word) => Same<FitBasis, V1.FitBasis>(word);

    public static V1.BlankTreatment Write(BlankTreatment word) => Same<BlankTreatment, V1.BlankTreatment>(word);

    public static V1.ResultRelease Write(ResultRelease word) => Same<ResultRelease, V1.ResultRelease>(word);

    public static V1.CalibratorKind Write(CalibratorKind word) => Same<CalibratorKind, V1.CalibratorKind>(word);

    public static V1.PlateState Write(PlateState word) => Same<PlateState, V1.PlateState>(word);

    public static V1.ResolutionKind Write(ResolutionKind word) => Same<ResolutionKind, V1.ResolutionKind>(word);

    public static V1.RunVerdict Write(RunVerdict word) => Same<RunVerdict, V1.RunVerdict>(word);

    public static V1.CriterionOutcome Write(CriterionOutcome word) => Same<CriterionOutcome, V1.CriterionOutcome>(word);

    public static V1.FlagLevel Write(FlagLevel word) => Same<FlagLevel, V1.FlagLevel>(word);

    public static V1.FlagSeverity Write(FlagSeverity word) => Same<FlagSeverity, V1.FlagSeverity>(word);

    public static V1.FitTermination Write(FitTermination word) => Same<FitTermination, V1.FitTermination>(word);

    public static V1.RangeStatus Write(RangeStatus word) => Same<RangeStatus, V1.RangeStatus>(word);

    public static V1.LotKind Write(LotKind word) => Same<LotKind, V1.LotKind>(word);

    public static V1.ResultStatus Write(ResultStatus word) => Same<ResultStatus, V1.ResultStatus>(word);

    /// <summary>What a signature means.</summary>
    public static V1.SignatureMeaning Write(SignatureMeaning word) => Same<SignatureMeaning, V1.SignatureMeaning>(word);

    /// <summary>How a signer proved who signs.</summary>
    public static V1.SigningMethod Write(SigningMethod word) => Same<SigningMethod, V1.SigningMethod>(word);

    private static TWire Same<TDomain, TWire>(TDomain word)
        where TDomain : struct, Enum
        where TWire : struct, Enum => Spellings<TDomain, TWire>.Table[word];

    private static ResultStatus NeverLeaves(string field, WireFaults faults)
    {
        faults.Add(field, FaultReasons.OutOfRange, "What is preliminary never leaves; expected the status of a released version: final, corrected, withdrawn or cancelled.");
        return ResultStatus.Final;
    }

    private static T Refused<TWire, T>(TWire word, T standIn, string field, WireFaults faults)
        where TWire : struct, Enum
    {
        if (Enum.IsDefined(word))
        {
            faults.Add(field, FaultReasons.Required, $"Expected one of {Known<TWire>()}.");
        }
        else
        {
            faults.Add(field, FaultReasons.UnknownWord, $"The number {word:D} is not known; expected one of {Known<TWire>()}.");
        }

        return standIn;
    }

    // As the contract spells them, for a sender in any language.
    private static string Known<TWire>()
        where TWire : struct, Enum =>
        string.Join(", ", Enum.GetNames<TWire>().Skip(1).Select(name => typeof(TWire).GetField(name)!.GetCustomAttribute<OriginalNameAttribute>()!.Name));

    private static class Spellings<TDomain, TWire>
        where TDomain : struct, Enum
        where TWire : struct, Enum
    {
        public static readonly Dictionary<TDomain, TWire> Table =
            Enum.GetValues<TDomain>().ToDictionary(word => word, word => Enum.Parse<TWire>(word.ToString()));
    }
}
