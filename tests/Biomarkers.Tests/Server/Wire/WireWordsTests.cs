using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Xunit;

namespace Biomarkers.Tests.Server.Wire;

public sealed class WireWordsTests
{
    [Theory]
    [InlineData(typeof(ResponseKind), typeof(V1.ResponseKind))]
    [InlineData(typeof(ColumnPurpose), typeof(V1.ColumnPurpose))]
    [InlineData(typeof(WellStatus), typeof(V1.WellStatus))]
    [InlineData(typeof(CalibratorKind), typeof(V1.CalibratorKind))]
    [InlineData(typeof(LotKind), typeof(V1.LotKind))]
    [InlineData(typeof(AnalyteForm), typeof(V1.AnalyteForm))]
    [InlineData(typeof(FitBasis), typeof(V1.FitBasis))]
    [InlineData(typeof(BlankTreatment), typeof(V1.BlankTreatment))]
    [InlineData(typeof(ResultRelease), typeof(V1.ResultRelease))]
    [InlineData(typeof(PlateState), typeof(V1.PlateState))]
    [InlineData(typeof(RunVerdict), typeof(V1.RunVerdict))]
    [InlineData(typeof(CriterionOutcome), typeof(V1.CriterionOutcome))]
    [InlineData(typeof(FlagLevel), typeof(V1.FlagLevel))]
    [InlineData(typeof(FlagSeverity), typeof(V1.FlagSeverity))]
    [InlineData(typeof(FitTermination), typeof(V1.FitTermination))]
    [InlineData(typeof(RangeStatus), typeof(V1.RangeStatus))]
    [InlineData(typeof(ResultStatus), typeof(V1.ResultStatus))]
    public void Words_OfDomainAndWire_AreTheSame(Type domain, Type wire)
    {
        // A well with a number has no status on the wire, and a word that is not set has none in the domain.
        Assert.Equal(
            Enum.GetNames(domain).Where(name => name != nameof(WellStatus.Measured)),
            Enum.GetNames(wire).Where(name => name != nameof(V1.ResponseKind.Unspecified)));
    }
}
