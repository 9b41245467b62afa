using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Biomarkers.Immunoassay;

/// <summary>What a unit counts: units of different kinds are never converted without a molar mass.</summary>
public enum UnitKind
{
    /// <summary>Mass per volume.</summary>
    Mass,

    /// <summary>Amount of substance per volume.</summary>
    Substance,

    /// <summary>International units per volume.</summary>
    InternationalUnits,
}

/// <summary>A unit of concentration from a closed list, named by its UCUM code.</summary>
public sealed class ConcentrationUnit
{
    private static readonly ConcentrationUnit[] All =
    [
        new("pg/mL", UnitKind.Mass, -9), new("ng/L", UnitKind.Mass, -9), new("ng/mL", UnitKind.Mass, -6), new("ug/L", UnitKind.Mass, -6),
        new("ug/mL", UnitKind.Mass, -3), new("mg/L", UnitKind.Mass, -3), new("mg/dL", UnitKind.Mass, -2), new("g/L", UnitKind.Mass, 0),
        new("pmol/L", UnitKind.Substance, -12), new("nmol/L", UnitKind.Substance, -9), new("umol/L", UnitKind.Substance, -6),
        new("m[IU]/L", UnitKind.InternationalUnits, -3), new("u[IU]/mL", UnitKind.InternationalUnits, -3), new("[IU]/L", UnitKind.InternationalUnits, 0),
    ];

    private ConcentrationUnit(string code, UnitKind kind, int powerOfTen)
    {
        Code = code;
        Kind = kind;
        PowerOfTen = powerOfTen;
    }

    /// <summary>Picograms per millilitre: the unit of IL-6.</summary>
    public static ConcentrationUnit PgPerMl { get; } = Parse("pg/mL");

    /// <summary>Milligrams per litre: the unit of CRP.</summary>
    public static ConcentrationUnit MgPerL { get; } = Parse("mg/L");

    /// <summary>Nanomoles per litre: the unit of C-peptide.</summary>
    public static ConcentrationUnit NmolPerL { get; } = Parse("nmol/L");

    /// <summary>Picomoles per litre: the unit of proinsulin and insulin.</summary>
    public static ConcentrationUnit PmolPerL { get; } = Parse("pmol/L");

    /// <summary>The codes that are known, for messages.</summary>
    public static string KnownCodes { get; } = string.Join(", ", All.Select(unit => unit.Code));

    /// <summary>UCUM code such as <c>pg/mL</c>.</summary>
    public string Code { get; }

    /// <summary>What the unit counts.</summary>
    public UnitKind Kind { get; }

    /// <summary>Power of ten against g/L, mol/L or [IU]/L.</summary>
    internal int PowerOfTen { get; }

    /// <summary>Reads a UCUM code; case matters, and the spelling <c>[iU]</c> is accepted for <c>[IU]</c>.</summary>
    public static bool TryParse(string code, [NotNullWhen(true)] out ConcentrationUnit? unit)
    {
        string canonical = code.Replace("[iU]", "[IU]", StringComparison.Ordinal);
        unit = Array.Find(All, candidate => candidate.Code == canonical);
        return unit is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => Code;

    private static ConcentrationUnit Parse(string code) => Array.Find(All, candidate => candidate.Code == code)!;
}

/// <summary>A concentration and its unit. Values of unlike units are never added or compared.</summary>
/// <param name="Value">Finite, zero or more.</param>
/// <param name="Unit">Unit of the value.</param>
public readonly record struct Concentration(double Value, ConcentrationUnit Unit)
{
    /// <summary>Whether <see cref="In"/> can express this concentration in a unit: both count the same thing.</summary>
    public bool CanConvertTo(ConcentrationUnit unit) => Unit.Kind == unit.Kind;

    /// <summary>The same concentration in another unit of the same kind, such as ng/mL in pg/mL.</summary>
    /// <exception cref="ArgumentException">The units count different things (mass, substance, international units): that conversion
    /// needs a molar mass or a reference material and is never made silently.</exception>
    public Concentration In(ConcentrationUnit unit)
    {
        if (!CanConvertTo(unit))
        {
            throw new ArgumentException($"Unable to express {this} in {unit}: they count different things.", nameof(unit));
        }

        int shift = Unit.PowerOfTen - unit.PowerOfTen;
        // A power of ten up to 10^22 is exact, so the result is the correctly rounded product or quotient.
        double power = 1;
        for (int i = 0; i < Math.Abs(shift); i++)
        {
            power *= 10;
        }

        return new Concentration(shift >= 0 ? Value * power : Value / power, unit);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value:G6} {Unit}");
}
