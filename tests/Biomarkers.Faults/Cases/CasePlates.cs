using System.Globalization;
using Biomarkers.Simulation;
using Biomarkers.Tests.Pipeline;
using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Faults.Cases;

/// <summary>Plates of the cases: one noise-free IL-6 plate of known truth, and what a step varies in it, on the wire, where anything can be wrong.</summary>
/// <remarks>
/// The plate: A01 to H02 eight calibrator levels in duplicate, A03 to C04 the samples S-0 to S-2 in duplicate, A05 to C06 three controls of two sets.
/// Options: <c>read=r2</c>, <c>factor=1.1</c> (times every response), <c>barcode=none</c>, <c>layout=none</c>, <c>samples=5</c> (S-5 to S-7), <c>dilution=2</c>,
/// <c>columns=1,3</c> (only those of the plate), <c>levels=3</c> (only so many calibrators), <c>size=384</c>, <c>assay=own</c> (one that the run makes with <c>assay</c>),
/// <c>expiry=2020-01-31</c> (of the kit), <c>curve=flat</c> or <c>turning</c>, <c>analyte=il-99</c>, <c>background=0.04</c> (added to
/// every response), <c>purpose=reference</c> (at 570 nm, where the background alone is seen), <c>time=2026-01-31T08:00:00Z</c> (when it was read).
/// Wells: <c>A03,A04:OVRFLW</c>, <c>A03:NaN</c>, <c>A03:-0.02</c>, <c>A03:x20</c>, <c>A03:again</c> (a second time, with another value), <c>I13:0.5</c>.
/// </remarks>
internal static class CasePlates
{
    private const int Columns = 12;
    private const int CalibratorColumns = 2;
    private const string FirstControls = "05";
    private const string SecondControls = "06";

    /// <summary>A whole plate.</summary>
    /// <param name="step">What varies.</param>
    /// <param name="scope">What names of the run begin with; barcode and lot of the controls too, so that no other run shares plate or series.</param>
    public static PlateRead Read(CaseStep step, string scope)
    {
        PlateRead read = PlateMessages.ToWire(TestPlates.Read("any", step.Number("factor", 1)), step.Option("read", "r1"), layout: null, "kim");
        read.PlateBarcode = step.Option("barcode") == "none" ? string.Empty : scope + step.Plate;
        read.WellCount = (int)step.Number("size", read.WellCount);
        read.ReadTime = step.Options.TryGetValue("time", out string? time) ? Timestamp.FromDateTimeOffset(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture)) : null;
        read.Layout = step.Option("layout") == "none" ? null : Layout(step, scope);
        ResponseColumn column = read.Columns[0];
        AddSecondControls(column);
        column.Analyte = step.Option("analyte", column.Analyte);
        AddBackground(column, step.Number("background", 0), step.Option("purpose") == "reference");
        Keep(column, index => IsKept(step, (int)index / Columns, (int)index % Columns));
        Bend(column, step.Option("curve"));
        foreach ((string wells, string value) in step.Wells)
        {
            foreach (string well in wells.Split(','))
            {
                Change(column, (uint)(((well[0] - 'A') * Columns) + int.Parse(well[1..], CultureInfo.InvariantCulture) - 1), value);
            }
        }

        return read;
    }

    /// <summary>Its layout.</summary>
    public static PlateLayout Layout(CaseStep step, string scope)
    {
        PlateLayout layout = PlateMessages.ToWire(TestPlates.Layout((int)step.Number("samples", 0)));
        layout.Assay = step.Options.ContainsKey("assay") ? $"assays/{scope}assay" : layout.Assay;
        layout.WellCount = (int)step.Number("size", layout.WellCount);
        layout.Wells.AddRange(layout.Wells.Where(well => well.ContentCase == LayoutWell.ContentOneofCase.Control).Select(SecondOf).ToList());
        LayoutWell[] kept = [.. layout.Wells.Where(well => IsKept(step, well.Position[0] - 'A', int.Parse(well.Position[1..], CultureInfo.InvariantCulture) - 1))];
        layout.Wells.Clear();
        layout.Wells.AddRange(kept);
        foreach (LayoutWell well in layout.Wells)
        {
            if (well.ContentCase == LayoutWell.ContentOneofCase.Control)
            {
                well.Control.LotNumber = $"{scope}lot";
            }
            else if (well.ContentCase == LayoutWell.ContentOneofCase.Unknown)
            {
                well.Unknown.DilutionFactor = step.Number("dilution", 1);
            }
        }

        foreach (LotReference kit in layout.Lots)
        {
            kit.ExpiryDate = step.Option("expiry", kit.ExpiryDate);
        }

        return layout;
    }

    /// <summary>The event that a step sends.</summary>
    public static StreamEventContent Event(CaseStep step, string scope)
    {
        PlateRead whole = Read(step, scope);
        return step.Verb switch
        {
            "start" => new StreamEventContent
            {
                PlateStarted = new PlateStarted
                {
                    PlateBarcode = whole.PlateBarcode,
                    ReadId = whole.ReadId,
                    WellCount = whole.WellCount,
                    ResponseKind = whole.ResponseKind,
                    Layout = whole.Layout,
                },
            },
            "wells" => new StreamEventContent { WellsRead = new WellsRead { ReadId = whole.ReadId, Columns = { whole.Columns } } },
            "complete" => new StreamEventContent { PlateCompleted = Completed(step, whole.ReadId) },
            _ => new StreamEventContent { PlateRead = whole },
        };
    }

    private static PlateCompleted Completed(CaseStep step, string readId)
    {
        var completed = new PlateCompleted { ReadId = readId };
        if (step.Options.ContainsKey("count"))
        {
            completed.WellResponseCount = (int)step.Number("count", 0);
        }

        return completed;
    }

    // A plate needs six control wells to be judged without a notice.
    private static LayoutWell SecondOf(LayoutWell control)
    {
        LayoutWell second = control.Clone();
        second.Position = control.Position.Replace(FirstControls, SecondControls, StringComparison.Ordinal);
        second.Control.SetNumber = 2;
        return second;
    }

    private static void AddSecondControls(ResponseColumn column)
    {
        int column5 = int.Parse(FirstControls, CultureInfo.InvariantCulture) - 1;
        foreach ((uint position, double response) in column.Positions.Zip(column.Responses).Where(well => well.First % Columns == column5).ToList())
        {
            column.Positions.Add(position + 1);
            column.Responses.Add(response);
        }
    }

    private static void AddBackground(ResponseColumn column, double background, bool isReference)
    {
        if (isReference)
        {
            (column.Purpose, column.WavelengthNm) = (ColumnPurpose.Reference, 570);
        }

        for (int i = 0; i < column.Responses.Count; i++)
        {
            column.Responses[i] = background + (isReference ? 0 : column.Responses[i]);
        }
    }

    private static bool IsKept(CaseStep step, int row, int column) =>
        (!step.Options.TryGetValue("columns", out string? columns) || columns.Split(',').Contains((column + 1).ToString(CultureInfo.InvariantCulture)))
        && (column >= CalibratorColumns || row < step.Number("levels", 8));

    private static void Keep(ResponseColumn column, Func<uint, bool> isKept)
    {
        var kept = column.Positions.Zip(column.Responses).Where(well => isKept(well.First)).ToList();
        column.Positions.Clear();
        column.Responses.Clear();
        column.Positions.AddRange(kept.Select(well => well.First));
        column.Responses.AddRange(kept.Select(well => well.Second));
    }

    // Flat: no dose has any effect. Turning: the upper calibrators respond less than those below them.
    private static void Bend(ResponseColumn column, string curve)
    {
        for (int i = 0; i < column.Positions.Count; i++)
        {
            column.Responses[i] = curve switch
            {
                "flat" => 1,
                "turning" when column.Positions[i] % Columns < CalibratorColumns && column.Positions[i] / Columns > 4 => 0.2 * column.Responses[i],
                _ => column.Responses[i],
            };
        }
    }

    private static void Change(ResponseColumn column, uint position, string value)
    {
        int index = column.Positions.IndexOf(position);
        if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double response) || value == "again")
        {
            if (index < 0 || value == "again")
            {
                column.Positions.Add(position);
                column.Responses.Add(value == "again" ? 1 + column.Responses[index] : response);
            }
            else
            {
                column.Responses[index] = response;
            }
        }
        else if (value[0] == 'x')
        {
            column.Responses[index] *= double.Parse(value[1..], CultureInfo.InvariantCulture);
        }
        else
        {
            column.Positions.RemoveAt(index);
            column.Responses.RemoveAt(index);
            column.Exceptions.Add(new WellException { Position = position, Status = value == "OVRFLW" ? WellStatus.Saturated : WellStatus.Unreadable, Token = value });
        }
    }
}
