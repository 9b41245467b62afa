using System.Globalization;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Simulation.Plates;

/// <summary>Samples of a made-up trial after Larsen et al. 2007: eight subjects, weeks 0 and 13, fasting and two hours after glucose, all samples of
/// one subject on one plate.</summary>
internal static class SampleSource
{
    private const string StudyId = "SIM-ANAKINRA";

    /// <summary>What week 13 leaves of IL-6 and CRP in a treated subject.</summary>
    private const double TreatmentFactor = 0.55;

    private static readonly double[] Dilutions = [1, 2, 4, 10];

    /// <summary>Draws the samples and, per analyte of the assay, their true concentrations before dilution.</summary>
    /// <remarks>Concentrations are log-normal about physiologic values. One that no dilution brings between 1.5 times the LLOQ and 0.7 times
    /// the ULOQ is drawn anew, evenly on the logarithm, inside them: range faults come from the scenario only.</remarks>
    public static (IReadOnlyList<UnknownSample> Samples, double[][] Concentrations) Draw(AssayDefinition assay, ulong seed, SeededGenerator random)
    {
        int firstSubject = 1 + (int)(seed % 1_100 * 8);
        var samples = new List<UnknownSample>();
        var concentrations = new List<double[]>();
        for (int subject = 0; subject < SimulatedLayout.SampleCount / 4; subject++)
        {
            double[] subjectLogs = [.. assay.Analytes.Select(_ => random.NextNormal())];
            foreach (int week in new[] { 0, 13 })
            {
                foreach (int minute in new[] { 0, 120 })
                {
                    double[] drawn = [.. assay.Analytes.Select((analyte, i) => Typical(analyte, subjectLogs[i], subject, week, minute, random))];
                    double dilution = DilutionFor(assay.Analytes[0], drawn[0], random);
                    concentrations.Add([.. assay.Analytes.Select((analyte, i) => WithinRange(analyte, drawn[i], dilution, random))]);
                    samples.Add(new UnknownSample(SampleId(firstSubject + subject, week, minute), dilution, SpecimenOf(firstSubject + subject, week, minute)));
                }
            }
        }

        return (samples, [.. concentrations]);
    }

    private static double Typical(AnalyteSpecification analyte, double subjectLog, int subject, int week, int minute, SeededGenerator random)
    {
        (double median, double logSd, double glucoseFactor) = PhysiologicLevel.Of(analyte.Analyte, analyte.Unit, analyte.Lloq, analyte.Uloq);
        bool isLowered = subject % 2 == 0 && week == 13 && analyte.Analyte is ("il-6" or "crp" or "hs-crp");
        double factor = (minute == 0 ? 1 : glucoseFactor) * (isLowered ? TreatmentFactor : 1);
        return random.NextLogNormal(median * factor * PortableMath.Exp(logSd * subjectLog), 0.15);
    }

    // The least dilution that brings the sample into the range, and at times one more than needed.
    private static double DilutionFor(AnalyteSpecification analyte, double concentration, SeededGenerator random)
    {
        int least = Array.FindIndex(Dilutions, dilution => concentration / dilution <= 0.7 * analyte.Uloq);
        if (least < 0)
        {
            return Dilutions[^1];
        }

        bool oneMore = random.NextUniform() < 0.2 && least + 1 < Dilutions.Length && concentration / Dilutions[least + 1] >= 1.5 * analyte.Lloq;
        return Dilutions[oneMore ? least + 1 : least];
    }

    private static double WithinRange(AnalyteSpecification analyte, double concentration, double dilution, SeededGenerator random)
    {
        double low = 1.5 * analyte.Lloq;
        double high = 0.7 * analyte.Uloq;
        double inWell = concentration / dilution;
        return inWell >= low && inWell <= high ? concentration : dilution * LogUniform(low, high, random);
    }

    /// <summary>Evenly on the logarithm between two bounds.</summary>
    public static double LogUniform(double low, double high, SeededGenerator random) =>
        PortableMath.Exp(random.NextBetween(PortableMath.Log(low), PortableMath.Log(high)));

    private static string SampleId(int subject, int week, int minute) =>
        string.Create(CultureInfo.InvariantCulture, $"AN-{subject:0000}-W{week:00}-{minute:00}");

    private static Specimen SpecimenOf(int subject, int week, int minute) => new(
        StudyId: StudyId,
        SubjectId: string.Create(CultureInfo.InvariantCulture, $"AN-{subject:0000}"),
        Visit: week == 0 ? "baseline" : string.Create(CultureInfo.InvariantCulture, $"week {week}"),
        Timepoint: string.Create(CultureInfo.InvariantCulture, $"OGTT {minute} min"),
        SpecimenType: "serum",
        Fasting: minute == 0);
}
