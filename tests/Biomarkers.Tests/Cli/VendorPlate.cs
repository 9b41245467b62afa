using System.Globalization;
using System.Text;
using System.Text.Json;
using Biomarkers.Tests.Immunoassay.Curves;
using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary>The IL-6 wells of the plate that xPONENT 3.1 computed (drLumi, PLoS ONE 0187901 S1), as files for the command line.</summary>
internal static class VendorPlate
{
    private static List<Dictionary<string, string>> Wells => [.. ReferenceFits.Rows("vendor/xponent_plate1_wells.csv").Where(row => row["analyte"] == "IL6")];

    private static Dictionary<string, double> Nominals => ReferenceFits.Rows("datasets/drlumi_expected_concentrations.csv")
        .Where(row => row["analyte"] == "IL6")
        .ToDictionary(row => row["sample"], row => row.Number("ec"));

    /// <summary>The plate as plain CSV; every control well is its own set, as xPONENT counts it.</summary>
    public static string Csv()
    {
        Dictionary<string, double> nominals = Nominals;
        var sets = new Dictionary<string, int>();
        var text = new StringBuilder("well,content,name,set,nominal_concentration,unit,dilution_factor,analyte,response,bead_count\n");
        foreach (Dictionary<string, string> row in Wells)
        {
            string sample = row["sample"];
            string content = sample switch
            {
                _ when sample.StartsWith("Standard", StringComparison.Ordinal) => "calibrator",
                _ when sample.StartsWith("Control", StringComparison.Ordinal) => "control",
                _ when sample.StartsWith("Background", StringComparison.Ordinal) => "blank",
                _ => "unknown",
            };
            sets[sample] = sets.GetValueOrDefault(sample) + 1;
            string set = content == "control" ? sets[sample].ToString(CultureInfo.InvariantCulture) : "";
            string nominal = content is "calibrator" or "control" ? nominals[sample].ToString("R", CultureInfo.InvariantCulture) : "";
            string dilution = content is "control" or "unknown" ? row["dilution_factor"] : "";
            text.AppendJoin(',', row["well"], content, sample, set, nominal, nominal.Length > 0 ? "pg/mL" : "", dilution, "IL6", row["net_mfi"], row["bead_count"]).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>xPONENT's method as an assay: 5PL, weights 1/y2, wells, range from the lowest to the highest standard.</summary>
    public static string AssayJson(string id = "il-6-luminex")
    {
        double[] standards = [.. Nominals.Where(nominal => nominal.Key.StartsWith("Standard", StringComparison.Ordinal)).Select(nominal => nominal.Value)];
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            {"id":"{{id}}","version":1,"displayName":"IL-6, Luminex","responseKind":"median-fluorescence","rulePack":"ich-m10-lba-draft@2022",
             "analytes":[{"analyte":"il-6","displayName":"Interleukin 6","unit":"pg/mL","lloq":{{standards.Min():R}},"uloq":{{standards.Max():R}},
              "curveModel":"5pl","weights":"1/y2","fitBasis":"wells"}]}
            """);
    }

    /// <summary>Compares results as JSON with what the vendor computed.</summary>
    /// <param name="results">Array of results of the plate.</param>
    /// <param name="lloq">Lower limit of the run, before dilution.</param>
    /// <param name="uloq">Upper limit of the run, before dilution.</param>
    /// <returns>Number of concentrations compared inside and outside the range, off the curve, and the largest relative deviation.</returns>
    public static (int Inside, int Outside, int OffCurve, double Worst) Compare(JsonElement results, double lloq, double uloq)
    {
        (int inside, int outside, int offCurve, double worst) = (0, 0, 0, 0);
        Dictionary<string, JsonElement> byWell = results.EnumerateArray().ToDictionary(result => Assert.Single(result.GetProperty("wells").EnumerateArray()).GetString()!);
        foreach (Dictionary<string, string> row in Wells.Where(row => !row["sample"].StartsWith("Standard", StringComparison.Ordinal)
            && !row["sample"].StartsWith("Control", StringComparison.Ordinal) && !row["sample"].StartsWith("Background", StringComparison.Ordinal)))
        {
            string well = row["well"];
            JsonElement result = byWell[well.Length == 2 ? $"{well[0]}0{well[1]}" : well];
            Assert.Equal(row["sample"], result.GetProperty("sampleId").GetString());
            double dilution = row.Number("dilution_factor");
            Assert.Equal(dilution, result.GetProperty("dilutionFactor").GetDouble());
            string status = result.GetProperty("rangeStatus").GetString()!;
            bool isPrinted = double.TryParse(row["result"], CultureInfo.InvariantCulture, out double vendor) && double.IsFinite(vendor);
            string expected = isPrinted switch
            {
                true when vendor / dilution < lloq => "below-lloq",
                true when vendor / dilution > uloq => "above-uloq",
                true => "quantified",
                false => row["result"].StartsWith('<') ? "below-lloq" : "above-uloq",
            };
            Assert.Equal(expected, status);
            Assert.Equal(expected == "quantified", result.TryGetProperty("concentration", out JsonElement reported));
            Assert.Equal(expected == "quantified", !result.TryGetProperty("limit", out JsonElement limit));
            if (expected != "quantified")
            {
                Assert.Equal((expected == "below-lloq" ? lloq : uloq) * dilution, limit.GetDouble(), 1e-9);
            }

            bool isExtrapolated = result.TryGetProperty("extrapolatedConcentration", out JsonElement extrapolated);
            Assert.False(isExtrapolated && expected == "quantified");
            if (!isPrinted)
            {
                offCurve++;
                continue;
            }

            (inside, outside) = expected == "quantified" ? (inside + 1, outside) : (inside, outside + 1);
            double ours = (expected == "quantified" ? reported : extrapolated).GetDouble();
            worst = Math.Max(worst, Math.Abs((ours / vendor) - 1));
        }

        return (inside, outside, offCurve, worst);
    }
}
