using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Google.Protobuf.Collections;

namespace Biomarkers.Server.Wire;

/// <summary>Layouts from the wire. Every fault is found and told together, with field paths as on the wire.</summary>
public static class PlateLayoutMapper
{
    /// <summary>Most nominal concentrations of one well: one per analyte.</summary>
    private const int MaximumNominals = 64;

    /// <summary>Most lots of one plate.</summary>
    private const int MaximumLots = 64;

    /// <summary>Name of a blank that has none.</summary>
    private const string BlankName = "BLANK";

    /// <summary>A layout; its assay version is <see cref="PlateLayout.NewestAssayVersion"/> where the wire names none.</summary>
    /// <param name="layout">The message; null where a request lacks it.</param>
    /// <param name="field">Path of the message, such as <c>layout</c>.</param>
    public static Checked<PlateLayout> ToDomain(V1.PlateLayout? layout, string field)
    {
        if (layout is null)
        {
            return new List<Fault> { new(field, FaultReasons.Required, "Expected a layout.") };
        }

        var faults = new WireFaults();
        (string AssayId, int? Version)? assay = ResourceNames.ParseAssay("assay", layout.Assay, faults.List);
        if (!PlateFormat.TryFromWellCount(layout.WellCount, out PlateFormat? format))
        {
            faults.Add("well_count", FaultReasons.UnknownFormat, $"A plate of {layout.WellCount} wells is not known; expected 96, 384 or 1536.");
            format = PlateFormat.Wells1536;
        }

        LayoutWell[] wells = ToWells(layout.Wells, format, faults);
        IReadOnlyList<LotReference> lots = ToLots(layout.Lots, faults);
        Checked<PlateLayout> made = PlateLayout.Create(
            assay?.AssayId ?? "X", assay?.Version ?? PlateLayout.NewestAssayVersion, format, wells, lots);
        faults.AddDomain(made.Faults);
        return faults.Any ? faults.Below(field) : made;
    }

    private static LayoutWell[] ToWells(RepeatedField<V1.LayoutWell> wells, PlateFormat format, WireFaults faults)
    {
        if (wells.Count > format.WellCount)
        {
            faults.Add("wells", FaultReasons.LimitExceeded, $"The layout describes {wells.Count} wells; expected at most one per well of {format}.");
            return [];
        }

        var positions = new WellPosition?[wells.Count];
        for (int i = 0; i < positions.Length; i++)
        {
            if (WellPosition.TryParse(wells[i].Position, out WellPosition position))
            {
                positions[i] = position;
            }
            else
            {
                faults.Add(
                    $"wells[{i}].position",
                    FaultReasons.InvalidWell,
                    $"'{Texts.Shorten(wells[i].Position)}' is no well; expected one such as A01, at most {format.LastWell}.");
            }
        }

        // A position that is none gets a well that nobody else has, so that no second fault follows from the first.
        var taken = positions.OfType<WellPosition>().ToHashSet();
        int next = 0;
        var mapped = new LayoutWell[positions.Length];
        for (int i = 0; i < mapped.Length; i++)
        {
            while (positions[i] is null)
            {
                WellPosition free = format.WellAt(next++);
                positions[i] = taken.Add(free) ? free : null;
            }

            mapped[i] = new LayoutWell(
                positions[i]!.Value, ToContent(wells[i], $"wells[{i}]", faults), WireTexts.Read(wells[i].Exclusion, $"wells[{i}].exclusion", faults.List));
        }

        return mapped;
    }

    private static WellContent ToContent(V1.LayoutWell well, string place, WireFaults faults)
    {
        switch (well.ContentCase)
        {
            case V1.LayoutWell.ContentOneofCase.Calibrator:
                return ToCalibrator(well.Calibrator, $"{place}.calibrator", faults);
            case V1.LayoutWell.ContentOneofCase.Control:
                return ToControl(well.Control, $"{place}.control", faults);
            case V1.LayoutWell.ContentOneofCase.Unknown:
                V1.UnknownSample unknown = well.Unknown;
                double dilution = unknown.HasDilutionFactor ? unknown.DilutionFactor : 1;
                return new UnknownSample(unknown.SampleId, dilution, ToSpecimen(unknown.Specimen, $"{place}.unknown.specimen", faults.List));
            case V1.LayoutWell.ContentOneofCase.Blank:
                return new Blank(well.Blank.Name.Length == 0 ? BlankName : well.Blank.Name);
            case V1.LayoutWell.ContentOneofCase.Unused:
                return new Unused();
            default:
                faults.Add(
                    $"{place}.content",
                    FaultReasons.Required,
                    $"Well '{Texts.Shorten(well.Position)}' has no content; expected calibrator, control, unknown, blank or unused.");
                return new Unused();
        }
    }

    private static Calibrator ToCalibrator(V1.Calibrator calibrator, string place, WireFaults faults)
    {
        if (calibrator.Nominals.Count == 0)
        {
            faults.Add($"{place}.nominals", FaultReasons.Required, $"Calibrator '{Texts.Shorten(calibrator.Name)}' has no nominal concentration; expected one per analyte.");
        }

        CalibratorKind kind = WireWords.ReadCalibratorKind(calibrator.Kind, $"{place}.kind", faults);
        return new Calibrator(calibrator.Name, kind, ToNominals(calibrator.Nominals, place, faults));
    }

    private static Control ToControl(V1.Control control, string place, WireFaults faults)
    {
        int setNumber = control.HasSetNumber ? control.SetNumber : 1;
        if (setNumber < 1)
        {
            faults.Add($"{place}.set_number", FaultReasons.OutOfRange, $"Control set {setNumber} is no number of a set; expected 1 or more.");
        }

        return new Control(
            control.Level,
            setNumber,
            WireTexts.Read(control.LotNumber, $"{place}.lot_number", faults.List),
            control.HasDilutionFactor ? control.DilutionFactor : 1,
            ToNominals(control.Nominals, place, faults));
    }

    private static NominalConcentration[] ToNominals(RepeatedField<V1.NominalConcentration> nominals, string place, WireFaults faults)
    {
        if (nominals.Count > MaximumNominals)
        {
            faults.Add($"{place}.nominals", FaultReasons.LimitExceeded, $"{nominals.Count} nominal concentrations were given; expected at most {MaximumNominals}.");
            return [];
        }

        var mapped = new NominalConcentration[nominals.Count];
        for (int i = 0; i < mapped.Length; i++)
        {
            if (!ConcentrationUnit.TryParse(nominals[i].Unit, out ConcentrationUnit? unit))
            {
                faults.Add(
                    $"{place}.nominals[{i}].unit",
                    FaultReasons.UnitMismatch,
                    $"Unit '{Texts.Shorten(nominals[i].Unit)}' is not known; expected one of {ConcentrationUnit.KnownCodes}.");
                unit = ConcentrationUnit.PgPerMl;
            }

            mapped[i] = new NominalConcentration(nominals[i].Analyte, nominals[i].Value, unit);
        }

        return mapped;
    }

    private static Specimen? ToSpecimen(V1.Specimen? specimen, string place, List<Fault> faults)
    {
        if (specimen is null)
        {
            return null;
        }

        double? haemolysis = specimen.HasHaemolysisIndex ? specimen.HaemolysisIndex : null;
        if (haemolysis is { } index && !(double.IsFinite(index) && index >= 0))
        {
            faults.Add(new Fault($"{place}.haemolysis_index", FaultReasons.OutOfRange, $"Haemolysis index {index} is no index; expected a finite number of zero or more."));
        }

        int? freezeThaw = specimen.HasFreezeThawCount ? specimen.FreezeThawCount : null;
        if (freezeThaw < 0)
        {
            faults.Add(new Fault($"{place}.freeze_thaw_count", FaultReasons.OutOfRange, $"Freeze-thaw count {freezeThaw} is negative."));
        }

        return new Specimen(
            WireTexts.Read(specimen.StudyId, $"{place}.study_id", faults),
            WireTexts.Read(specimen.SubjectId, $"{place}.subject_id", faults),
            WireTexts.Read(specimen.Visit, $"{place}.visit", faults),
            WireTexts.Read(specimen.Timepoint, $"{place}.timepoint", faults),
            WireTexts.Read(specimen.SpecimenType, $"{place}.specimen_type", faults),
            WireTexts.Read(specimen.Anticoagulant, $"{place}.anticoagulant", faults),
            WireTimes.ReadWithOffset(specimen.CollectionTime, $"{place}.collection_time", faults),
            haemolysis,
            specimen.HasFasting ? specimen.Fasting : null,
            freezeThaw);
    }

    private static IReadOnlyList<LotReference> ToLots(RepeatedField<V1.LotReference> lots, WireFaults faults)
    {
        if (lots.Count > MaximumLots)
        {
            faults.Add("lots", FaultReasons.LimitExceeded, $"{lots.Count} lots were given; expected at most {MaximumLots}.");
            return [];
        }

        return
        [
            .. lots.Select((lot, i) => new LotReference(
                WireWords.ReadLotKind(lot.Kind, $"lots[{i}].kind", faults),
                lot.LotNumber,
                WireTimes.ReadDate(lot.ExpiryDate, $"lots[{i}].expiry_date", faults.List))),
        ];
    }
}
