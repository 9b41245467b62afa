using System.Globalization;
using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Curves.Intervals;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Interchange;
using Biomarkers.Results;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Tests.Interchange;

/// <summary>Released results that a seed determines: every status, optional parts there and not, magnitudes from 1e-9 to 1e9, texts of delimiters, escape
/// sequences and letters of many scripts.</summary>
internal sealed class RandomResults(ulong seed)
{
    private static readonly string[] Pieces =
    [
        "0", "007", "S-", "a", "B", " ", "  ", "|", "^", "~", "\\", "&", "\"", "\"\"", "'", ",", ";", ":", ": ", "<", ">", "=", "@", "#",
        "\\F\\", "&F&", "\\.br\\", "\\X0D\\", "MSH|^~\\&|", "L|1|N",
        "é", "ß", "İ", "ı", "I", "µ", "中文", "💧", "\u2028", "\u00a0", "\u0301", "\ufeff", "%20", "</a>", "{\"", "-1", "1,5", "1.5",
    ];

    private static readonly string[] Flags =
        ["S_REP_CV", "S_REP_VARIANCE", "S_CI_WIDE", "S_CI_UNBOUNDED", "C_LACK_OF_FIT", "C_LIMIT_MOVED", "P_BLANK_HIGH", "R_QC_67", "R_QC_50", "W_LOW_BEADS", "X_OF_A_LATER_VERSION"];

    private static readonly (string Analyte, string? Loinc, string Unit)[] Analytes =
    [
        ("il-6", "26881-3", "pg/mL"), ("hs-crp", "30522-7", "mg/L"), ("c-peptide", "14633-2", "nmol/L"), ("c-peptide", "14633-2", "ng/mL"), ("c-peptide", "42180-0", "pmol/L"),
        ("proinsulin", "27882-0", "pmol/L"), ("insulin", "20448-7", "m[IU]/L"), ("insulin", "20448-7", "pmol/L"), ("tnf-alpha", null, "ug/L"), ("tnf-alpha", "3074-2", "pg/mL"),
    ];

    private static readonly string[] SpecimenTypes = ["serum", "Serum", "SERUM", "plasma", "EDTA plasma", "li-heparin plasma", "seminal plasma", "urine", "synovial fluid"];

    private SeededGenerator generator = new(seed);

    /// <summary>The result of a number, whatever was asked for before.</summary>
    public ReportedResult At(int number)
    {
        generator = new SeededGenerator(SeededGenerator.SeedOf(seed, (ulong)number));
        (string analyte, string? loinc, string unit) = Analytes[Below(Analytes.Length)];
        ResultStatus status = (ResultStatus)(2 + Below(4));
        ReportedVersion version = Version(number, status);
        return ReportedResult.Create(
            version,
            new ReportedSample(Text(), Name("PLATE"), Wells(), Below(3) == 0 ? 1 : 1 + (Math.Abs(generator.NextNormal()) * 50), Maybe(Specimen)),
            new ReportedAnalyte(analyte, Text(), loinc, Unit(unit), 1 + Below(17)),
            Measurement(status),
            new ReportedOrigin(Name("reader"), Maybe(Text), $"analyticalRuns/{Below(100000)}", $"{analyte}@{1 + Below(9)}", Hash(), Many(2, Lot)),
            new ReportedTimes(MaybeTime(), MaybeTime(), Time()),
            new ReportedAssurance(
                Maybe(() => new ReportedSignature(Text(), Time(), Text())),
                Maybe(() => new VerificationToken(1 + (long)(generator.NextBits() >> 2), Hash())),
                Below(4) == 0 ? Many(2, () => new HoldNotice(Time(), LongText())) : [])).ValueOrThrow();
    }

    /// <summary>Options of the message of a number.</summary>
    public InterchangeOptions OptionsAt(int number)
    {
        generator = new SeededGenerator(SeededGenerator.SeedOf(seed + 1, (ulong)number));
        InterchangeOptions options = InterchangeOptions.Create(
            new MessageParty(Text(), Maybe(Text)), Maybe(() => new MessageParty(Text(), Maybe(Text))), Time(), $"C{number}").ValueOrThrow();
        return options with { Purpose = (MessagePurpose)Below(3) };
    }

    private static ConcentrationUnit Unit(string code) =>
        ConcentrationUnit.TryParse(code, out ConcentrationUnit? unit) ? unit : throw new InvalidOperationException($"'{code}' is no unit.");

    private ReportedVersion Version(int number, ResultStatus status)
    {
        int version = 2 + Below(5);
        bool hasSuperseded = status is ResultStatus.Corrected or ResultStatus.Withdrawn || (status == ResultStatus.Cancelled && Below(2) == 0);
        return new ReportedVersion($"results/{number + 1}", version, status, hasSuperseded ? 1 + Below(version - 1) : null, hasSuperseded ? LongText() : Maybe(LongText));
    }

    private ReportedMeasurement Measurement(ResultStatus status)
    {
        bool hasValue = status is ResultStatus.Final or ResultStatus.Corrected;
        RangeStatus range = hasValue ? (RangeStatus)(1 + Below(3)) : RangeStatus.NotDetermined;
        double value = Magnitude();
        bool isQuantified = range == RangeStatus.Quantified;
        List<string> flags = [.. Many(4, () => Flags[Below(Flags.Length)]).Distinct()];
        if (Below(4) > 0 && range is RangeStatus.BelowLloq or RangeStatus.AboveUloq)
        {
            flags.Insert(0, range == RangeStatus.BelowLloq ? "S_BELOW_LLOQ" : "S_ABOVE_ULOQ");
        }
        else if (status == ResultStatus.Cancelled && Below(2) == 0)
        {
            flags.Add("R_REJECTED");
        }

        return new ReportedMeasurement
        {
            RangeStatus = range,
            Concentration = isQuantified ? value : null,
            Limit = hasValue && !isQuantified ? value : null,
            Lower = isQuantified && Below(4) > 0 ? value * generator.NextUniform() : null,
            Upper = isQuantified && Below(4) > 0 ? value * (1 + generator.NextUniform()) : null,
            CvPercent = Below(3) == 0 ? null : Math.Abs(generator.NextNormal()) * 10,
            MeanResponse = Below(5) == 0 ? null : Below(10) == 0 ? -0.01 * generator.NextUniform() : Math.Exp(5 * generator.NextNormal()),
            FlagCodes = flags,
        };
    }

    // Over all magnitudes, and now and then a number that is written with few digits or ends a decade.
    private double Magnitude() => Below(6) switch
    {
        0 => double.Parse(string.Create(CultureInfo.InvariantCulture, $"{1 + Below(99)}e{Below(17) - 9}"), CultureInfo.InvariantCulture),
        1 => Math.BitDecrement(Math.Pow(10, Below(18) - 8)),
        _ => Math.Pow(10, (18 * generator.NextUniform()) - 9),
    };

    private Specimen Specimen() => new(
        Maybe(Text),
        Maybe(Text),
        Maybe(Text),
        Maybe(Text),
        Below(5) == 0 ? Text() : SpecimenTypes[Below(SpecimenTypes.Length)],
        Maybe(Text),
        MaybeTime(),
        Below(2) == 0 ? null : Math.Abs(generator.NextNormal()) * 100,
        Below(3) switch { 0 => null, 1 => true, _ => false },
        Below(2) == 0 ? null : Below(10));

    private LotReference Lot() => new((LotKind)Below(3), Text(), Below(2) == 0 ? null : new DateOnly(2026 + Below(30), 1 + Below(12), 1 + Below(28)));

    private WellPosition[] Wells()
    {
        var wells = new SortedSet<WellPosition>();
        for (int i = Below(5); i > 0; i--)
        {
            wells.Add(new WellPosition(Below(32), Below(48)));
        }

        return [.. wells];
    }

    private ContentHash Hash() => ContentHash.Of(BitConverter.GetBytes(generator.NextBits()));

    private string Name(string stem) => $"{stem}-{Below(1000)}{(Below(2) == 0 ? "_x.y" : "")}";

    private string Text() => Text(6, []);

    private string LongText() => Text(12, ["\r", "\n", "\r\n", "\t", "\r\nOBX|2|"]);

    private string Text(int most, string[] more)
    {
        var text = new StringBuilder();
        for (int i = 1 + Below(most); i > 0; i--)
        {
            int piece = Below(Pieces.Length + more.Length);
            text.Append(piece < Pieces.Length ? Pieces[piece] : more[piece - Pieces.Length]);
        }

        return string.IsNullOrWhiteSpace(text.ToString()) ? $"{text}x" : text.ToString();
    }

    private DateTimeOffset Time()
    {
        long microseconds = (long)(generator.NextUniform() * 3e15);
        int minutes = Below(3) switch { 0 => 0, 1 => 60 * (Below(27) - 12), _ => 15 * (Below(105) - 48) };
        return DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond).ToOffset(TimeSpan.FromMinutes(minutes));
    }

    private DateTimeOffset? MaybeTime() => Below(3) == 0 ? null : Time();

    private T? Maybe<T>(Func<T> make)
        where T : class => Below(3) == 0 ? null : make();

    private T[] Many<T>(int most, Func<T> make)
    {
        var values = new T[Below(most + 1)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = make();
        }

        return values;
    }

    private int Below(int limit) => (int)(generator.NextBits() % (ulong)limit);
}
