using System.Globalization;
using Biomarkers.Immunoassay.Plates;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Simulation;

/// <summary>Plates of the domain as messages of the contract, for whoever sends them: readers, the demo, the command line.</summary>
public static class PlateMessages
{
    /// <summary>One whole plate.</summary>
    /// <param name="read">Responses.</param>
    /// <param name="readId">Name of this reading.</param>
    /// <param name="layout">What is in the wells; null when it comes apart.</param>
    /// <param name="operatorName">Who operated the instrument; null when not stated.</param>
    /// <param name="readTime">When the detector finished; null when not stated.</param>
    public static V1.PlateRead ToWire(PlateRead read, string readId, PlateLayout? layout, string? operatorName = null, DateTimeOffset? readTime = null) => new()
    {
        PlateBarcode = read.PlateBarcode,
        ReadId = readId,
        WellCount = read.Format.WellCount,
        ResponseKind = (V1.ResponseKind)read.ResponseKind,
        Operator = operatorName ?? string.Empty,
        ReadTime = readTime is { } time ? Timestamp.FromDateTimeOffset(time) : null,
        Columns = { read.Columns.Select(column => ToWire(column, read.Format, _ => true)) },
        Layout = layout is null ? null : ToWire(layout),
    };

    /// <summary>One column, or the part of it that lies in chosen wells.</summary>
    /// <param name="column">Responses.</param>
    /// <param name="format">Size of the plate: places are counted row by row.</param>
    /// <param name="isChosen">Which wells.</param>
    public static V1.ResponseColumn ToWire(ResponseColumn column, PlateFormat format, Func<WellPosition, bool> isChosen)
    {
        int[] chosen = [.. Enumerable.Range(0, column.Positions.Count).Where(i => isChosen(column.Positions[i]))];
        var message = new V1.ResponseColumn
        {
            Analyte = column.Analyte,
            Purpose = (V1.ColumnPurpose)column.Purpose,
            Positions = { chosen.Select(i => (uint)format.IndexOf(column.Positions[i])) },
            Responses = { chosen.Select(i => column.Responses[i]) },
            BeadCounts = { column.BeadCounts.Count == 0 ? [] : chosen.Select(i => column.BeadCounts[i]) },
            Exceptions =
            {
                column.Exceptions.Where(exception => isChosen(exception.Position)).Select(exception => new V1.WellException
                {
                    Position = (uint)format.IndexOf(exception.Position),
                    Status = (V1.WellStatus)exception.Status,
                    Token = exception.Token,
                }),
            },
        };
        if (column.WavelengthNm is { } wavelength)
        {
            message.WavelengthNm = wavelength;
        }

        return message;
    }

    /// <summary>A layout.</summary>
    public static V1.PlateLayout ToWire(PlateLayout layout) => new()
    {
        Assay = layout.AssayVersion == PlateLayout.NewestAssayVersion ? $"assays/{layout.AssayId}" : $"assays/{layout.AssayId}@{layout.AssayVersion}",
        WellCount = layout.WellCount,
        Wells = { layout.Wells.Select(ToWire) },
        Lots =
        {
            layout.Lots.Select(lot => new V1.LotReference
            {
                Kind = lot.Kind switch
                {
                    LotKind.Kit => V1.LotKind.Kit,
                    LotKind.Calibrator => V1.LotKind.Calibrator,
                    _ => V1.LotKind.Control,
                },
                LotNumber = lot.LotNumber,
                ExpiryDate = lot.ExpiryDate?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? string.Empty,
            }),
        },
    };

    private static V1.LayoutWell ToWire(LayoutWell well)
    {
        var message = new V1.LayoutWell { Position = well.Position.ToString(), Exclusion = well.Exclusion ?? string.Empty };
        switch (well.Content)
        {
            case Calibrator calibrator:
                message.Calibrator = new V1.Calibrator
                {
                    Name = calibrator.Name,
                    Kind = calibrator.Kind switch
                    {
                        CalibratorKind.Anchor => V1.CalibratorKind.Anchor,
                        CalibratorKind.Zero => V1.CalibratorKind.Zero,
                        _ => V1.CalibratorKind.Calibrator,
                    },
                    Nominals = { calibrator.Nominals.Select(ToWire) },
                };
                break;
            case Control control:
                message.Control = new V1.Control
                {
                    Level = control.Level,
                    SetNumber = control.SetNumber,
                    LotNumber = control.LotNumber ?? string.Empty,
                    DilutionFactor = control.DilutionFactor,
                    Nominals = { control.Nominals.Select(ToWire) },
                };
                break;
            case UnknownSample unknown:
                message.Unknown = new V1.UnknownSample { SampleId = unknown.SampleId, DilutionFactor = unknown.DilutionFactor, Specimen = ToWire(unknown.Specimen) };
                break;
            case Blank blank:
                message.Blank = new V1.Blank { Name = blank.Name };
                break;
            default:
                message.Unused = new V1.Unused();
                break;
        }

        return message;
    }

    private static V1.NominalConcentration ToWire(NominalConcentration nominal) =>
        new() { Analyte = nominal.Analyte, Value = nominal.Value, Unit = nominal.Unit.Code };

    private static V1.Specimen? ToWire(Specimen? specimen)
    {
        if (specimen is null)
        {
            return null;
        }

        var message = new V1.Specimen
        {
            StudyId = specimen.StudyId ?? string.Empty,
            SubjectId = specimen.SubjectId ?? string.Empty,
            Visit = specimen.Visit ?? string.Empty,
            Timepoint = specimen.Timepoint ?? string.Empty,
            SpecimenType = specimen.SpecimenType ?? string.Empty,
            Anticoagulant = specimen.Anticoagulant ?? string.Empty,
            CollectionTime = specimen.CollectionTime?.ToString("O", CultureInfo.InvariantCulture) ?? string.Empty,
        };
        if (specimen.HaemolysisIndex is { } haemolysis)
        {
            message.HaemolysisIndex = haemolysis;
        }

        if (specimen.Fasting is { } fasting)
        {
            message.Fasting = fasting;
        }

        if (specimen.FreezeThawCount is { } freezeThaw)
        {
            message.FreezeThawCount = freezeThaw;
        }

        return message;
    }
}
