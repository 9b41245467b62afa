using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>From the columns of a read to one response per used well: the reference is subtracted well by well, then the mean blank where
/// the assay subtracts it.</summary>
internal static class ResponseReduction
{
    public static AnalyteResponses Reduce(PlateRead read, PlateLayout layout, AnalyteSpecification analyte)
    {
        ColumnValues? measurement = ColumnValues.Find(read, analyte.Analyte, ColumnPurpose.Measurement);
        ColumnValues? reference = ColumnValues.Find(read, analyte.Analyte, ColumnPurpose.Reference);
        WellResponse[] wells = [.. layout.Wells.Where(well => well.Content is not Unused).Select(well => Read(well, measurement, reference))];

        double[] blanks = [.. wells.Where(well => well.Content is Blank && well.BeforeBlank is not null).Select(well => well.BeforeBlank!.Value)];
        double? blankMean = blanks.Length > 0 ? ReplicateStatistics.Mean(blanks) : null;
        double subtracted = analyte.BlankTreatment == BlankTreatment.Subtract ? blankMean ?? 0 : 0;
        return new AnalyteResponses(
            wells.ToDictionary(well => well.Position, well => subtracted == 0 ? well : well with { Response = well.BeforeBlank - subtracted }),
            blankMean);
    }

    private static WellResponse Read(LayoutWell well, ColumnValues? measurement, ColumnValues? reference)
    {
        if (well.Exclusion is { } reason)
        {
            // As where the instrument's operator masked it, with the reason in place of the instrument's word.
            return new WellResponse(well.Position, well.Content, WellStatus.Masked, null, null, null, reason);
        }

        if (measurement is null || !measurement.TryGet(well.Position, out double response))
        {
            WellException? exception = measurement?.ExceptionAt(well.Position);
            return Unmeasured(well, exception);
        }

        int? beads = measurement.BeadCountAt(well.Position);
        if (reference is null)
        {
            return new WellResponse(well.Position, well.Content, WellStatus.Measured, response, response, beads, null);
        }

        if (!reference.TryGet(well.Position, out double referenceResponse))
        {
            return Unmeasured(well, reference.ExceptionAt(well.Position));
        }

        double difference = response - referenceResponse;
        return new WellResponse(well.Position, well.Content, WellStatus.Measured, difference, difference, beads, null);
    }

    private static WellResponse Unmeasured(LayoutWell well, WellException? exception) =>
        new(well.Position, well.Content, exception?.Status ?? WellStatus.Missing, null, null, null, exception?.Token);

    /// <summary>One column, to be looked up by well.</summary>
    private sealed class ColumnValues
    {
        private readonly ResponseColumn column;
        private readonly Dictionary<WellPosition, int> places = [];
        private readonly Dictionary<WellPosition, WellException> exceptions;

        private ColumnValues(ResponseColumn column)
        {
            this.column = column;
            exceptions = column.Exceptions.ToDictionary(exception => exception.Position);
            for (int i = 0; i < column.Positions.Count; i++)
            {
                places.Add(column.Positions[i], i);
            }
        }

        public static ColumnValues? Find(PlateRead read, string analyte, ColumnPurpose purpose)
        {
            ResponseColumn? found = read.Columns.FirstOrDefault(candidate => candidate.Analyte == analyte && candidate.Purpose == purpose);
            return found is null ? null : new ColumnValues(found);
        }

        public bool TryGet(WellPosition well, out double response)
        {
            bool found = places.TryGetValue(well, out int place);
            response = found ? column.Responses[place] : 0;
            return found;
        }

        public int? BeadCountAt(WellPosition well) => column.BeadCounts.Count > 0 ? column.BeadCounts[places[well]] : null;

        public WellException? ExceptionAt(WellPosition well) => exceptions.GetValueOrDefault(well);
    }
}
