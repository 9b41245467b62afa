using Biomarkers.Cli.Pulling;
using Biomarkers.Client.Pulling;
using Biomarkers.Immunoassay;
using Biomarkers.Interchange;
using Biomarkers.Results.Delivery;
using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Biomarkers.Tests.Cli.Pulling;

/// <summary>Deliveries as results that formats write: what is shown of several, and what can't be written.</summary>
public sealed class DeliveryMessagesTests
{
    private static readonly Timestamp Noon = new() { Seconds = 1_795_348_800 };

    [Fact]
    public void ToReported_SeveralSignatures_TakesTheNewestApproval()
    {
        Delivery delivery = Make();
        delivery.Result.Signatures.Add(Sign("Ann", SignatureMeaning.Approval));
        delivery.Result.Signatures.Add(Sign("Bea", SignatureMeaning.Approval));
        delivery.Result.Signatures.Add(Sign("Cid", SignatureMeaning.Review));
        Assert.Equal(("Bea", "approval"), SignatureOf(delivery));

        delivery.Result.Signatures.RemoveAt(0);
        delivery.Result.Signatures.RemoveAt(0);
        Assert.Equal(("Cid", "review"), SignatureOf(delivery));

        delivery.Result.Signatures.Clear();
        Assert.Null(DeliveryMessages.ToReported(delivery).ValueOrThrow().Assurance.Signature);
    }

    [Fact]
    public void ToReported_OpenHolds_AreCarriedAndAnIntervalBeyondTheRangeIsNot()
    {
        Delivery delivery = Make();
        delivery.Result.OpenHolds.Add(new ResultHold { Reason = "was it spun?", PlaceTime = Noon });
        delivery.Result.RangeStatus = RangeStatus.BelowLloq;
        delivery.Result.ClearConcentration();
        delivery.Result.Limit = 0.4;
        delivery.Result.Lower = 0.1;

        ReportedResult reported = DeliveryMessages.ToReported(delivery).ValueOrThrow();

        Assert.Equal("was it spun?", Assert.Single(reported.Assurance.Holds).Reason);
        Assert.Equal((0.4, null), (reported.Measurement.Limit, reported.Measurement.Lower));
    }

    [Fact]
    public void ToReported_WordsAndUnitsOfANewerServer_NamesEveryFault()
    {
        Delivery delivery = Make();
        delivery.Result.Status = (ResultStatus)99;
        delivery.Result.Unit = "furlong";
        delivery.Result.Wells.Add("??");
        delivery.Result.CreateTime = null;
        delivery.Origin.MethodSha256 = "none";
        delivery.Result.Specimen = new Specimen { CollectionTime = "yesterday" };

        IReadOnlyList<Fault> faults = DeliveryMessages.ToReported(delivery).Faults;

        Assert.Superset(
            new HashSet<string> { "status", "unit", "wells[1]", "create_time", "method_hash", "specimen.collection_time" }, faults.Select(fault => fault.Field).ToHashSet());
    }

    [Fact]
    public void Write_VersionThatCantBeWritten_IsRefusedWithTheFaultAndLeavesNoFile()
    {
        string path = Directory.CreateTempSubdirectory("biomarkers-results-").FullName;
        try
        {
            Assert.True(ResultFormats.TryFind("json", out ResultFormat? format));
            using var folder = ResultFolder.Open(path, format, (time, controlId) => InterchangeOptions.Create(new MessageParty("BIO", null), null, time, controlId).ValueOrThrow());
            Delivery bad = Make();
            bad.Result.Concentration = double.NaN;

            var refused = Assert.Throws<DeliveryRefusedException>(() => folder.Write(PulledResult.Of(bad)));
            string good = folder.Write(PulledResult.Of(Make()));

            Assert.Contains("concentration", refused.Message, StringComparison.Ordinal);
            Assert.Equal([good], Directory.GetFiles(path, "*-result-*"));
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    [Theory]
    [InlineData("results/17", 2, "17-2")]
    [InlineData("results/1000000000017", 1, "1000000000017-1")] // the longest that fits
    public void ControlIdOf_ShortName_IsTheName(string name, int version, string expected) =>
        Assert.Equal(expected, ResultFolder.ControlIdOf(new ReportedVersion(name, version, Biomarkers.Results.ResultStatus.Final, null, null)));

    [Fact]
    public void ControlIdOf_LongName_IsAHashThatFits()
    {
        string of10 = ResultFolder.ControlIdOf(new ReportedVersion("results/1000000000017", 10, Biomarkers.Results.ResultStatus.Final, null, null));
        string of11 = ResultFolder.ControlIdOf(new ReportedVersion("results/1000000000017", 11, Biomarkers.Results.ResultStatus.Final, null, null));

        Assert.Equal((InterchangeOptions.MaximumControlIdLength, 'h'), (of10.Length, of10[0]));
        Assert.NotEqual(of10, of11);
    }

    private static (string Name, string Meaning) SignatureOf(Delivery delivery)
    {
        ReportedSignature signature = DeliveryMessages.ToReported(delivery).ValueOrThrow().Assurance.Signature!;
        return (signature.Name, signature.Meaning);
    }

    private static Signature Sign(string name, SignatureMeaning meaning) => new() { SignerName = name, Meaning = meaning, SignTime = Noon };

    private static Delivery Make() => new()
    {
        DeliveryId = "1",
        Attempt = 1,
        Result = new Result
        {
            Name = "results/17",
            Version = 2,
            SampleId = "S-0001",
            Plate = "plates/P-1",
            AnalyticalRun = "analyticalRuns/5",
            Assay = "assays/il-6@1",
            Analyte = "il-6",
            Status = ResultStatus.Final,
            RangeStatus = RangeStatus.Quantified,
            Concentration = 1.5,
            Unit = "pg/mL",
            DilutionFactor = 1,
            Wells = { "A03" },
            CreateTime = Noon,
        },
        Origin = new ResultOrigin { Instrument = "instruments/reader-1", AnalyteDisplayName = "Interleukin 6", SignificantDigits = 4, MethodSha256 = new string('a', 64) },
        VerificationToken = new V1.VerificationToken { Sequence = 7, Sha256 = new string('b', 64) },
    };
}
