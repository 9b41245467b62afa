using Biomarkers.Immunoassay;
using Biomarkers.Storage.Copies;
using Biomarkers.Storage.Tables;

namespace Biomarkers.Storage.Seals;

/// <summary>SHA-256 over a stored plate read: who read it, when, and where its event stands. Its bytes are in it by their hash.</summary>
internal static class ReadSeal
{
    private const string Content = "content";

    /// <summary>The hash of a row, with or without its bytes.</summary>
    public static ContentHash Of(PlateReadTable read)
    {
        var hash = new SealHash();
        hash.Begin(RowColumns<PlateReadTable>.Table);
        foreach ((string name, Func<PlateReadTable, object?> value) in RowColumns<PlateReadTable>.All)
        {
            if (name != Content)
            {
                hash.Add(name, value(read));
            }
        }

        hash.End();
        return hash.Finish();
    }

    /// <summary>Reads without their bytes, which are large.</summary>
    public static IQueryable<PlateReadTable> WithoutContent(IQueryable<PlateReadTable> reads) => reads.Select(read => new PlateReadTable
    {
        ReadKey = read.ReadKey,
        PlateKey = read.PlateKey,
        ReadId = read.ReadId,
        ContentHash = read.ContentHash,
        InstrumentId = read.InstrumentId,
        OperatorName = read.OperatorName,
        ReadTime = read.ReadTime,
        ReceiveTime = read.ReceiveTime,
        StreamKey = read.StreamKey,
        EventOffset = read.EventOffset,
        SameContentAs = read.SameContentAs,
    });
}
