using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>What must hold between a read, a layout, an assay and a rule pack.</summary>
internal static class AnalysisInputsChecks
{
    public static void Check(PlateRead read, PlateLayout layout, AssayDefinition assay, RulePack rulePack, List<Fault> faults)
    {
        if (read.Format != layout.Format)
        {
            faults.Add(new Fault("layout.well_count", FaultReasons.FormatMismatch, $"The layout describes {layout.Format} and the read has {read.Format}; expected the same."));
        }

        if ((layout.AssayId, layout.AssayVersion) != (assay.Id, assay.Version))
        {
            faults.Add(new Fault("layout.assay", FaultReasons.AssayUnknown, $"The layout is for assay {layout.AssayId}@{layout.AssayVersion}; expected {assay.Name}."));
        }

        if (read.ResponseKind != assay.ResponseKind)
        {
            faults.Add(new Fault("response_kind", FaultReasons.ResponseKindMismatch, $"The read holds {read.ResponseKind}; assay {assay.Name} expects {assay.ResponseKind}."));
        }

        if (rulePack.Name != assay.RulePack)
        {
            faults.Add(new Fault("rule_pack", FaultReasons.UnknownWord, $"Rule pack {rulePack.Name} was given; assay {assay.Name} expects {assay.RulePack}."));
        }

        RulePackChecks.Check(rulePack, faults);
        CheckColumns(read, assay, faults);
        CheckNominals(layout, assay, faults);
        CheckReplicates(layout, faults);
    }

    private static void CheckColumns(PlateRead read, AssayDefinition assay, List<Fault> faults)
    {
        string known = string.Join(", ", assay.Analytes.Select(analyte => analyte.Analyte));
        for (int i = 0; i < read.Columns.Count; i++)
        {
            if (assay.Find(read.Columns[i].Analyte) is null)
            {
                faults.Add(new Fault($"columns[{i}].analyte", FaultReasons.AnalyteUnknown, $"Assay {assay.Name} does not measure '{read.Columns[i].Analyte}'; expected {known}."));
            }
        }

        foreach (AnalyteSpecification analyte in assay.Analytes)
        {
            if (!read.Columns.Any(column => column.Analyte == analyte.Analyte && column.Purpose == ColumnPurpose.Measurement))
            {
                faults.Add(new Fault("columns", FaultReasons.AnalyteUnknown, $"The read has no measurement of '{analyte.Analyte}', which assay {assay.Name} measures."));
            }

            if (analyte.ReferenceWavelengthNm is { } wavelength
                && !read.Columns.Any(column => column.Analyte == analyte.Analyte && column.Purpose == ColumnPurpose.Reference))
            {
                faults.Add(new Fault(
                    "columns", FaultReasons.Required, FormattableString.Invariant($"The read has no reference of '{analyte.Analyte}' at {wavelength} nm, which assay {assay.Name} subtracts.")));
            }
        }
    }

    private static void CheckNominals(PlateLayout layout, AssayDefinition assay, List<Fault> faults)
    {
        foreach (LayoutWell well in layout.Wells)
        {
            IReadOnlyList<NominalConcentration> nominals = NominalsOf(well.Content);
            for (int i = 0; i < nominals.Count; i++)
            {
                string place = $"layout.wells[{well.Position}].nominals[{i}]";
                if (assay.Find(nominals[i].Analyte) is not { } analyte)
                {
                    faults.Add(new Fault($"{place}.analyte", FaultReasons.AnalyteUnknown, $"Assay {assay.Name} does not measure '{nominals[i].Analyte}'."));
                }
                else if (!nominals[i].Concentration.CanConvertTo(analyte.Unit))
                {
                    faults.Add(new Fault(
                        $"{place}.unit",
                        FaultReasons.UnitMismatch,
                        $"Unit {nominals[i].Unit} counts another thing than {analyte.Unit}, the unit of {analyte.Analyte}."));
                }
            }
        }
    }

    // Replicates are one material: two assigned values under one name would leave it to chance which of them counts.
    private static void CheckReplicates(PlateLayout layout, List<Fault> faults)
    {
        var first = new Dictionary<object, LayoutWell>();
        foreach (LayoutWell well in layout.Wells)
        {
            object? key = well.Content switch
            {
                Calibrator calibrator => (nameof(Calibrator), calibrator.Name),
                Control control => (nameof(Control), control.Level, control.SetNumber, control.DilutionFactor),
                _ => null,
            };
            if (key is null || first.TryAdd(key, well))
            {
                continue;
            }

            LayoutWell other = first[key];
            bool isSame = RoleOf(well.Content) == RoleOf(other.Content) && NominalsOf(well.Content).ToHashSet().SetEquals(NominalsOf(other.Content));
            if (!isSame)
            {
                faults.Add(new Fault(
                    $"layout.wells[{well.Position}]",
                    FaultReasons.Duplicate,
                    $"Well {well.Position} has the name of well {other.Position} and another role or assigned concentration; expected the same in replicates."));
            }
        }
    }

    private static IReadOnlyList<NominalConcentration> NominalsOf(WellContent content) => content switch
    {
        Calibrator calibrator => calibrator.Nominals,
        Control control => control.Nominals,
        _ => [],
    };

    private static CalibratorKind? RoleOf(WellContent content) => (content as Calibrator)?.Kind;
}
