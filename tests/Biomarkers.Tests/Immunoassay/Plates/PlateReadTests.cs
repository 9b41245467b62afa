using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using CsCheck;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Plates;

public class PlateReadTests
{
    private static readonly Gen<PlateRead> Reads =
        from format in Gen.Int[0, 2].Select(i => new[] { PlateFormat.Wells96, PlateFormat.Wells384, PlateFormat.Wells1536 }[i])
        from kind in Gen.Enum<ResponseKind>()
        from places in Gen.Shuffle(Enumerable.Range(0, 96).ToArray())
        from measured in Gen.Int[0, 90]
        from responses in Gen.Double[-1e100, 1e100].Array[measured]
        from hasBeads in Gen.Bool
        from wavelength in Gen.OneOf(Gen.Const((double?)null), Gen.Double[1, 2000].Select(nm => (double?)nm))
        from tokens in Gen.String[0, 20].Array[3]
        from status in Gen.Enum<WellStatus>().Where(status => status != WellStatus.Measured)
        let positions = places.Select(format.WellAt).ToArray()
        select PlateRead.Create("P-1", format.WellCount, kind,
        [
            new ResponseColumn(
                "il-6",
                ColumnPurpose.Measurement,
                wavelength,
                positions[..measured],
                responses,
                hasBeads ? [.. responses.Select((_, i) => i)] : [],
                [.. tokens.Select((token, i) => new WellException(positions[measured + i], status, token))]),
            new ResponseColumn("il-6", ColumnPurpose.Reference, 620, [positions[0]], [-0.0], [], []),
        ]).ValueOrThrow();

    [Fact]
    public void Encode_AnyRead_ReadsBackToTheSameBytes() => Reads.Sample(read =>
    {
        byte[] bytes = PlateReadEncoding.Encode(read);
        PlateRead back = PlateReadEncoding.Decode(bytes);
        Assert.Equal(bytes, PlateReadEncoding.Encode(back));
        Assert.Equal(read.Hash, back.Hash);
        Assert.Equal(read.Columns[0].Responses, back.Columns[0].Responses);
        Assert.Equal(read.Columns[0].Positions, back.Columns[0].Positions);
        Assert.Equal(read.Columns[0].BeadCounts, back.Columns[0].BeadCounts);
        Assert.Equal(read.Columns[0].Exceptions, back.Columns[0].Exceptions);
        Assert.Equal((read.PlateBarcode, read.Format, read.ResponseKind), (back.PlateBarcode, back.Format, back.ResponseKind));
        Assert.Equal(read.Columns[0].WavelengthNm, back.Columns[0].WavelengthNm);
    });

    [Fact]
    public void Decode_CutAtAnyByte_IsRefused()
    {
        byte[] bytes = PlateReadEncoding.Encode(Small());
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<FormatException>(() => PlateReadEncoding.Decode(bytes[..length]));
        }
    }

    [Fact]
    public void Decode_OtherVersion_IsRefused()
    {
        byte[] bytes = PlateReadEncoding.Encode(Small());
        bytes[0] = 2;
        Assert.Contains("version 1", Assert.Throws<FormatException>(() => PlateReadEncoding.Decode(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hash_SmallRead_StaysAsItIsStored() =>
        // SHA-256 of the bytes as they stand in databases: a change of the encoding needs a new version number.
        Assert.Equal("f6d22a478c8eaa5e43901b8f5bf6383deffb75c4140db664e3cb54384c846090", Small().Hash.Hex);

    [Fact]
    public void Create_WellsInAnotherOrder_IsTheSameRead()
    {
        WellPosition[] wells = [WellPosition.Parse("B02"), WellPosition.Parse("A01"), WellPosition.Parse("A02")];
        var column = new ResponseColumn("a", ColumnPurpose.Measurement, null, wells, [1, 2, 3], [10, 20, 30], []);
        var reversed = new ResponseColumn("a", ColumnPurpose.Measurement, null, [wells[2], wells[1], wells[0]], [3, 2, 1], [30, 20, 10], []);
        PlateRead one = PlateRead.Create("P", 96, ResponseKind.Fluorescence, [column]).ValueOrThrow();
        PlateRead other = PlateRead.Create("P", 96, ResponseKind.Fluorescence, [reversed]).ValueOrThrow();

        Assert.Equal(one.Hash, other.Hash);
        Assert.Equal([2d, 3d, 1d], one.Columns[0].Responses);
    }

    [Fact]
    public void Create_ReadWithManyFaults_NamesThemAll()
    {
        WellPosition a1 = WellPosition.Parse("A01");
        Checked<PlateRead> read = PlateRead.Create("", 96, (ResponseKind)0,
        [
            new ResponseColumn("a", ColumnPurpose.Measurement, -1, [a1, a1, WellPosition.Parse("I13")], [double.NaN, 1], [5],
                [new WellException(a1, WellStatus.Masked, new string('x', 129))]),
            new ResponseColumn("a", ColumnPurpose.Measurement, null, [], [], [], []),
            new ResponseColumn("b c", ColumnPurpose.Measurement, null, [a1], [1], [-1], []),
        ]);

        Assert.Null(read.Value);
        Assert.Equal(
            [
                ("plate_barcode", FaultReasons.Required), ("response_kind", FaultReasons.UnknownWord), ("columns[0].wavelength_nm", FaultReasons.OutOfRange),
                ("columns[0].responses", FaultReasons.LengthMismatch), ("columns[0].bead_counts", FaultReasons.LengthMismatch),
                ("columns[0].positions[1]", FaultReasons.WellConflict),
                ("columns[0].positions[2]", FaultReasons.WellOutOfRange), ("columns[0].exceptions[0].position", FaultReasons.WellConflict),
                ("columns[0].exceptions[0].token", FaultReasons.InvalidText), ("columns[0].responses[0]", FaultReasons.NonFinite), ("columns[1].analyte", FaultReasons.Duplicate),
                ("columns[1].positions", FaultReasons.Required), ("columns[2].analyte", FaultReasons.InvalidText), ("columns[2].bead_counts[0]", FaultReasons.OutOfRange),
            ],
            read.Faults.Select(fault => (fault.Field, fault.Reason)));
    }

    [Fact]
    public void Create_UnknownFormat_IsAFault()
    {
        Checked<PlateRead> read = PlateRead.Create("P", 100, ResponseKind.Fluorescence, Small().Columns);
        Assert.Equal(FaultReasons.UnknownFormat, Assert.Single(read.Faults).Reason);
    }

    private static PlateRead Small() => PlateRead.Create("P1", 96, ResponseKind.OpticalDensity,
    [
        new ResponseColumn("il-6", ColumnPurpose.Measurement, 450, [WellPosition.Parse("A01"), WellPosition.Parse("H12")], [0.125, -2.5], [],
            [new WellException(WellPosition.Parse("B03"), WellStatus.Saturated, "OVRFLW")]),
    ]).ValueOrThrow();
}
