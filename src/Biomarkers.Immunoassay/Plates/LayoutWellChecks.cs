namespace Biomarkers.Immunoassay.Plates;

/// <summary>What must hold for one well of a layout.</summary>
internal static class LayoutWellChecks
{
    /// <summary>Largest dilution factor that is taken for meant: beyond it a unit or a decimal point slipped.</summary>
    private const double MaximumDilutionFactor = 1e9;

    public static void Check(LayoutWell well, int index, PlateFormat format, Dictionary<WellPosition, int> seen, List<Fault> faults)
    {
        string place = $"wells[{index}]";
        if (!format.Contains(well.Position))
        {
            faults.Add(new Fault($"{place}.position", FaultReasons.WellOutOfRange, $"Well {well.Position} is off a plate of {format}; the last well is {format.LastWell}."));
        }

        if (!seen.TryAdd(well.Position, index))
        {
            faults.Add(new Fault($"{place}.position", FaultReasons.WellConflict, $"Well {well.Position} is described twice, first at wells[{seen[well.Position]}]."));
        }

        if (well.Exclusion is not null)
        {
            Texts.CheckText($"{place}.exclusion", well.Exclusion, faults);
        }

        switch (well.Content)
        {
            case Calibrator calibrator:
                Texts.CheckText($"{place}.calibrator.name", calibrator.Name, faults);
                CheckNominals($"{place}.calibrator", calibrator.Nominals, calibrator.Kind, faults);
                break;
            case Control control:
                Texts.CheckText($"{place}.control.level", control.Level, faults);
                CheckDilution($"{place}.control", control.DilutionFactor, faults);
                CheckNominals($"{place}.control", control.Nominals, CalibratorKind.Calibrator, faults);
                break;
            case UnknownSample unknown:
                Texts.CheckText($"{place}.unknown.sample_id", unknown.SampleId, faults);
                CheckDilution($"{place}.unknown", unknown.DilutionFactor, faults);
                break;
            case Blank blank:
                Texts.CheckText($"{place}.blank.name", blank.Name, faults);
                break;
        }
    }

    private static void CheckDilution(string place, double dilutionFactor, List<Fault> faults)
    {
        if (!double.IsFinite(dilutionFactor) || dilutionFactor < 1 || dilutionFactor > MaximumDilutionFactor)
        {
            faults.Add(new Fault($"{place}.dilution_factor", FaultReasons.OutOfRange, $"Dilution factor {dilutionFactor} is not final / sample volume; expected 1 to {MaximumDilutionFactor}."));
        }
    }

    private static void CheckNominals(string place, IReadOnlyList<NominalConcentration> nominals, CalibratorKind kind, List<Fault> faults)
    {
        var analytes = new HashSet<string>();
        for (int i = 0; i < nominals.Count; i++)
        {
            NominalConcentration nominal = nominals[i];
            string field = $"{place}.nominals[{i}]";
            Texts.CheckName($"{field}.analyte", nominal.Analyte, faults);
            if (!analytes.Add(nominal.Analyte))
            {
                faults.Add(new Fault($"{field}.analyte", FaultReasons.Duplicate, $"Analyte '{nominal.Analyte}' has two nominal concentrations in one well."));
            }

            if (!double.IsFinite(nominal.Value))
            {
                faults.Add(new Fault($"{field}.value", FaultReasons.NonFinite, $"Nominal concentration {nominal.Value} is not a finite number."));
            }
            else if (kind == CalibratorKind.Zero ? nominal.Value != 0 || double.IsNegative(nominal.Value) : nominal.Value <= 0)
            {
                string expected = kind == CalibratorKind.Zero ? "exactly 0 for a zero calibrator" : "more than 0; a calibrator of concentration 0 has the role zero";
                faults.Add(new Fault($"{field}.value", FaultReasons.OutOfRange, $"Nominal concentration {nominal.Value} does not fit the role; expected {expected}."));
            }
        }
    }
}
