using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>Weight of a calibrator point by its observed response y: w = 1 / y^k. The fit minimises sum w (y - f(x))^2.</summary>
/// <remarks>k = 0 none, 1 "1/y", 2 "1/y2" (constant CV). These fixed weights reproduce vendors; 1/y^2 on the observed response fits low by
/// about 2 CV^2. Trap: drc's <c>weights = v</c> minimises sum (v (y - f))^2, so its 1/y is the 1/y2 of everybody else.</remarks>
/// <param name="Power">k, 0 to 4.</param>
public sealed record Weighting(double Power)
{
    /// <summary>Highest power that is accepted.</summary>
    private const double MaximumPower = 4;

    /// <summary>w = 1.</summary>
    public static Weighting None { get; } = new(0);

    /// <summary>w = 1/y.</summary>
    public static Weighting OneOverY { get; } = new(1);

    /// <summary>w = 1/y^2.</summary>
    public static Weighting OneOverY2 { get; } = new(2);

    /// <summary>Identifier: <c>none</c>, <c>1/y</c>, <c>1/y2</c> or <c>power:K</c>.</summary>
    public string Id => Power switch
    {
        0 => "none",
        1 => "1/y",
        2 => "1/y2",
        _ => string.Create(CultureInfo.InvariantCulture, $"power:{Power}"),
    };

    /// <summary>Reads an identifier; <c>power:K</c> takes 0 &lt;= K &lt;= 4.</summary>
    public static bool TryParse(string id, [NotNullWhen(true)] out Weighting? weighting)
    {
        weighting = id switch
        {
            "none" => None,
            "1/y" => OneOverY,
            "1/y2" or "1/y^2" => OneOverY2,
            _ => null,
        };
        if (weighting is null && id.StartsWith("power:", StringComparison.Ordinal)
            && double.TryParse(id.AsSpan(6), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double power)
            && power is >= 0 and <= MaximumPower)
        {
            weighting = new Weighting(power);
        }

        return weighting is not null;
    }

    /// <summary>Whether a response has a weight: always for k = 0, otherwise when it is more than 0.</summary>
    public bool IsDefinedFor(double response) => Power == 0 || response > 0;

    /// <summary>Weight of a response for which <see cref="IsDefinedFor"/> holds.</summary>
    public double WeightOf(double response) => Power switch
    {
        0 => 1,
        1 => 1 / response,
        2 => 1 / (response * response),
        _ => Math.Pow(response, -Power),
    };

    /// <inheritdoc/>
    public override string ToString() => Id;
}
