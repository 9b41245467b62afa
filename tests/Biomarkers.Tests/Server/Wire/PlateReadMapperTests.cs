using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Server.Wire;
using CsCheck;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Biomarkers.Tests.Server.Wire;

public sealed class PlateReadMapperTests
{
    public static TheoryData<string, string, Action<V1.PlateRead>> Faults => new()
    {
        { "plate_read.plate_barcode", "INVALID_TEXT", read => read.PlateBarcode = "a/b" }, // would break the resource name
        { "plate_read.read_id", "REQUIRED", read => read.ReadId = "" }, // without it a second reading can't be told from a repeat
        { "plate_read.well_count", "UNKNOWN_FORMAT", read => read.WellCount = 95 }, // one well lost by the exporter
        { "plate_read.response_kind", "REQUIRED", read => read.ResponseKind = V1.ResponseKind.Unspecified }, // the proto3 default
        { "plate_read.response_kind", "UNKNOWN_WORD", read => read.ResponseKind = (V1.ResponseKind)99 }, // a newer sender's word
        { "plate_read.operator", "INVALID_TEXT", read => read.Operator = new string('x', 129) }, // one more than the limit
        { "plate_read.read_time", "OUT_OF_RANGE", read => read.ReadTime = new Timestamp { Seconds = long.MaxValue } }, // overflows the conversion
        { "plate_read.read_time", "OUT_OF_RANGE", read => read.ReadTime.Nanos = -1 }, // not normalised
        { "plate_read.columns", "REQUIRED", read => read.Columns.Clear() }, // nothing was read
        { "plate_read.columns", "LIMIT_EXCEEDED", read => read.Columns.Add(Enumerable.Repeat(read.Columns[0], 128)) }, // 129 columns
        { "plate_read.columns[0].analyte", "REQUIRED", read => read.Columns[0].Analyte = "" }, // the proto3 default
        { "plate_read.columns[1].analyte", "DUPLICATE", read => read.Columns.Add(read.Columns[0].Clone()) }, // one analyte measured twice
        { "plate_read.columns[0].purpose", "UNKNOWN_WORD", read => read.Columns[0].Purpose = (V1.ColumnPurpose)7 }, // a newer sender's word
        { "plate_read.columns[0].wavelength_nm", "OUT_OF_RANGE", read => read.Columns[0].WavelengthNm = 0 }, // 0 is no "none"
        { "plate_read.columns[0].positions[3]", "WELL_OUT_OF_RANGE", read => read.Columns[0].Positions[3] = 96 }, // one beyond H12
        { "plate_read.columns[0].positions[3]", "WELL_OUT_OF_RANGE", read => read.Columns[0].Positions[3] = uint.MaxValue }, // -1 of a careless cast
        { "plate_read.columns[0].positions[1]", "WELL_CONFLICT", read => read.Columns[0].Positions[1] = 0 }, // A01 twice
        { "plate_read.columns[0].exceptions[0].position", "WELL_CONFLICT", read => read.Columns[0].Exceptions[0].Position = 0 }, // a number and none
        { "plate_read.columns[0].exceptions[0].position", "WELL_OUT_OF_RANGE", read => read.Columns[0].Exceptions[0].Position = 96 }, // one beyond H12
        { "plate_read.columns[0].exceptions[0].status", "REQUIRED", read => read.Columns[0].Exceptions[0].Status = V1.WellStatus.Unspecified }, // no reason for no number
        { "plate_read.columns[0].exceptions[0].token", "INVALID_TEXT", read => read.Columns[0].Exceptions[0].Token = new string('x', 129) }, // one more than the limit
        { "plate_read.columns[0].responses", "LENGTH_MISMATCH", read => read.Columns[0].Responses.RemoveAt(0) }, // columns slipped
        { "plate_read.columns[0].responses[2]", "NON_FINITE", read => read.Columns[0].Responses[2] = double.NaN }, // NaN is an exception, not a number
        { "plate_read.columns[0].bead_counts", "LENGTH_MISMATCH", read => read.Columns[0].BeadCounts.RemoveAt(0) }, // columns slipped
        { "plate_read.columns[0].bead_counts[1]", "OUT_OF_RANGE", read => read.Columns[0].BeadCounts[1] = -1 }, // -1 for "none"
        { "plate_read.columns[0]", "LIMIT_EXCEEDED", read => read.Columns[0].Positions.Add(Enumerable.Repeat(5u, 200)) }, // more entries than wells
        { "plate_read.layout.assay", "INVALID_TEXT", read => read.Layout = ChangedLayout(layout => layout.Assay = "il-6") }, // the layout's faults come along
    };

    [Fact]
    public void ToEventContent_WithoutABarcode_IsWholeAndSaysSo()
    {
        V1.PlateRead read = WireSamples.Read();
        read.PlateBarcode = "";

        Checked<EventContent> made = PlateReadMapper.ToEventContent(new V1.StreamEventContent { PlateRead = read });

        Assert.Equal((true, ""), Assert.IsType<WholePlateRead>(made.Value) is var whole ? (whole.LacksBarcode, whole.PlateBarcode) : default);
    }

    [Fact]
    public void ToEventContent_AnyRead_IsTheSameReadInTheDomain() =>
        WireSamples.Reads.Sample(
            read =>
            {
                var content = new V1.StreamEventContent { PlateRead = WireSamples.ToWire(read) };
                var whole = Assert.IsType<WholePlateRead>(PlateReadMapper.ToEventContent(content.ToByteArray()).ValueOrThrow());
                Assert.Equal(read.Hash, whole.Read.Hash);
            },
            iter: 300);

    [Fact]
    public void ToEventContent_ValidRead_CarriesItsOrigin()
    {
        var content = new V1.StreamEventContent { PlateRead = WireSamples.Read() };

        var whole = Assert.IsType<WholePlateRead>(PlateReadMapper.ToEventContent(content).ValueOrThrow());

        Assert.Equal(new ReadOrigin("R-1", "Ada", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)), whole.Origin);
        Assert.Null(whole.Layout);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void ToEventContent_OneFault_SaysThatOneAlone(string field, string reason, Action<V1.PlateRead> spoil)
    {
        V1.PlateRead read = WireSamples.Read();
        spoil(read);

        Checked<EventContent> made = PlateReadMapper.ToEventContent(new V1.StreamEventContent { PlateRead = read });

        Assert.Equal([(field, reason)], made.Faults.Select(fault => (fault.Field, fault.Reason)).Distinct());
    }

    [Fact]
    public void ToEventContent_ManyFaults_SaysAllTogether()
    {
        V1.PlateRead read = WireSamples.Read();
        read.PlateBarcode = "";
        read.WellCount = 100;
        read.PlateBarcode = "a/b";
        read.ResponseKind = V1.ResponseKind.Unspecified;
        read.Columns[0].Responses[0] = double.PositiveInfinity;
        read.Columns[0].Exceptions[0].Status = V1.WellStatus.Unspecified;
        read.Layout = ChangedLayout(layout => layout.Wells[2].Unknown.SampleId = "");

        Checked<EventContent> made = PlateReadMapper.ToEventContent(new V1.StreamEventContent { PlateRead = read });

        Assert.Equal(
            [
                "plate_read.columns[0].exceptions[0].status",
                "plate_read.columns[0].responses[0]",
                "plate_read.layout.wells[2].unknown.sample_id",
                "plate_read.plate_barcode",
                "plate_read.response_kind",
                "plate_read.well_count",
            ],
            made.Faults.Select(fault => fault.Field).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ToEventContent_AnyPrefixOrDamage_NeverThrows()
    {
        byte[] bytes = new V1.StreamEventContent { PlateRead = ChangedRead(read => read.Layout = WireSamples.Layout()) }.ToByteArray();
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.True(PlateReadMapper.ToEventContent(bytes[..length]).Faults.Count >= 0);
        }

        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte).Array[1, 5].Sample(
            damages =>
            {
                byte[] damaged = [.. bytes];
                foreach ((int place, byte value) in damages)
                {
                    damaged[place] = value;
                }

                Checked<EventContent> made = PlateReadMapper.ToEventContent(damaged);
                Assert.True(made.Value is null == made.Faults.Count > 0);
            },
            iter: 3000);
    }

    [Fact]
    public void ToEventContent_UnknownWord_NamesTheWordsOfTheContract()
    {
        V1.PlateRead read = ChangedRead(sent => sent.ResponseKind = (V1.ResponseKind)99);

        Fault fault = Assert.Single(PlateReadMapper.ToWholePlate(read, "plate_read").Faults);

        Assert.Contains("99", fault.Description, StringComparison.Ordinal);
        Assert.Contains("RESPONSE_KIND_OPTICAL_DENSITY, RESPONSE_KIND_LUMINESCENCE", fault.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void ToEventContent_NoMessage_SaysMalformed() =>
        Assert.Equal([("content", "MALFORMED")], PlateReadMapper.ToEventContent([0xff, 0xff]).Faults.Select(fault => (fault.Field, fault.Reason)));

    [Fact]
    public void ToEventContent_Parts_KeepTheirWellsAsCounted()
    {
        var wells = new V1.WellsRead { ReadId = "R-1", Columns = { WireSamples.Read().Columns[0] } };
        wells.Columns[0].Positions[3] = 1535;

        var part = Assert.IsType<WellsRead>(PlateReadMapper.ToEventContent(new V1.StreamEventContent { WellsRead = wells }).ValueOrThrow());
        var completed = Assert.IsType<PlateReadCompleted>(PlateReadMapper.ToEventContent(
            new V1.StreamEventContent { PlateCompleted = new V1.PlateCompleted { ReadId = "R-1", WellResponseCount = 5 } }).ValueOrThrow());

        Assert.Equal([0, 1, 12, 1535], part.Columns[0].Positions);
        Assert.Equal([13], part.Columns[0].Exceptions.Select(exception => exception.Position));
        Assert.Equal(5, completed.WellResponseCount);
    }

    [Fact]
    public void ToEventContent_BadParts_NameTheirPart()
    {
        var offPlate = new V1.ResponseColumn { Analyte = "a", Positions = { 1536 }, Responses = { 1 } };
        Assert.Equal(
            ["wells_read.columns[0].positions[0]", "wells_read.read_id"],
            PlateReadMapper.ToEventContent(new V1.StreamEventContent { WellsRead = new V1.WellsRead { Columns = { offPlate } } })
                .Faults.Select(fault => fault.Field).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["plate_completed.read_id", "plate_completed.well_response_count"],
            PlateReadMapper.ToEventContent(new V1.StreamEventContent { PlateCompleted = new V1.PlateCompleted { WellResponseCount = -1 } }).Faults.Select(fault => fault.Field));
        Assert.Equal(
            ["plate_started.read_id", "plate_started.response_kind", "plate_started.well_count"],
            PlateReadMapper.ToEventContent(new V1.StreamEventContent { PlateStarted = new V1.PlateStarted() }).Faults.Select(fault => fault.Field));
    }

    private static V1.PlateRead ChangedRead(Action<V1.PlateRead> change)
    {
        V1.PlateRead read = WireSamples.Read();
        change(read);
        return read;
    }

    private static V1.PlateLayout ChangedLayout(Action<V1.PlateLayout> change)
    {
        V1.PlateLayout layout = WireSamples.Layout();
        change(layout);
        return layout;
    }
}
