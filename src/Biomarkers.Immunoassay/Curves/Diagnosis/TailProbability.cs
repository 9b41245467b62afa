namespace Biomarkers.Immunoassay.Curves.Diagnosis;

/// <summary>Tail probabilities that keep their relative accuracy far out, where one less the distribution function has no digits, with the same bits on
/// every processor.</summary>
/// <remarks>By the regularised incomplete beta function I: two-sided t is I(df / (df + t^2); df / 2, 1 / 2), upper F is I(d2 / (d2 + d1 F); d2 / 2, d1 / 2).
/// Source: Abramowitz and Stegun (1964), 7.1.6, 7.1.14, 26.4.4, 26.4.5, 26.5.8, 26.5.27 and 26.6.2. About 12 digits.</remarks>
internal static class TailProbability
{
    private const double SqrtOfPi = 1.7724538509055161;
    private const double Tolerance = 1e-16;
    private const int TermLimit = 10_000;

    /// <summary>P(|Z| &gt;= |z|) of a standard normal Z.</summary>
    public static double TwoSidedNormal(double z) => Erfc(Math.Abs(z) / Math.Sqrt(2));

    /// <summary>P(|T| &gt;= |t|) of Student's t on more than 0 degrees of freedom.</summary>
    public static double TwoSidedT(double t, double degreesOfFreedom)
    {
        double square = t * t;
        return double.IsInfinity(square) ? 0 : Beta(degreesOfFreedom / 2, 0.5, degreesOfFreedom / (degreesOfFreedom + square), square / (degreesOfFreedom + square));
    }

    /// <summary>P(F &gt;= f) of Fisher's F; f 0 or more.</summary>
    public static double UpperF(double f, double numerator, double denominator)
    {
        double scaled = numerator * f;
        return double.IsInfinity(scaled) ? 0 : Beta(denominator / 2, numerator / 2, denominator / (denominator + scaled), scaled / (denominator + scaled));
    }

    /// <summary>P(X &gt;= x) of chi-square on 1 degree of freedom or more; x 0 or more.</summary>
    public static double UpperChiSquare(double x, int degreesOfFreedom)
    {
        // Odd degrees begin at the normal tail, even ones at an exponential; each step by two adds one term.
        bool isOdd = degreesOfFreedom % 2 == 1;
        double sum = isOdd ? TwoSidedNormal(Math.Sqrt(x)) : PreciseMath.Exp(-x / 2);
        double term = isOdd ? Math.Sqrt(2 * x) / SqrtOfPi * PreciseMath.Exp(-x / 2) : sum * x / 2;
        for (int degrees = isOdd ? 3 : 4; degrees <= degreesOfFreedom; degrees += 2)
        {
            sum += term;
            term *= x / degrees;
        }

        return Math.Min(sum, 1);
    }

    /// <summary>Complementary error function of 0 or more: a series of positive terms below 2, a continued fraction above.</summary>
    private static double Erfc(double x)
    {
        double square = x * x;
        if (x < 2)
        {
            double term = x, sum = x;
            for (int n = 1; n < TermLimit && term > Tolerance * sum; n++)
            {
                term *= 2 * square / ((2 * n) + 1);
                sum += term;
            }

            return 1 - (2 / SqrtOfPi * PreciseMath.Exp(-square) * sum);
        }

        // sqrt(pi) exp(x^2) erfc(x) = 1 / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...)))), from the back: 200 terms are more than enough from 2 on.
        double tail = x;
        for (int n = 200; n >= 1; n--)
        {
            tail = x + (n / 2.0 / tail);
        }

        return PreciseMath.Exp(-square) / (SqrtOfPi * tail);
    }

    /// <summary>I(x; a, b), with <paramref name="rest"/> = 1 - x given apart, so that neither end loses digits.</summary>
    private static double Beta(double a, double b, double x, double rest)
    {
        if (x <= 0 || rest <= 0)
        {
            return x <= 0 ? 0 : 1;
        }

        double front = PreciseMath.Exp((a * PreciseMath.Log(x)) + (b * PreciseMath.Log(rest)) + LogGamma(a + b) - LogGamma(a) - LogGamma(b));
        return x < (a + 1) / (a + b + 2)
            ? Math.Min(front * Fraction(a, b, x) / a, 1)
            : Math.Max(1 - (front * Fraction(b, a, rest) / b), 0);
    }

    /// <summary>The continued fraction of the incomplete beta function, by the modified method of Lentz.</summary>
    private static double Fraction(double a, double b, double x)
    {
        const double tiny = 1e-300;
        double c = 1, d = 1 - ((a + b) * x / (a + 1));
        d = 1 / (Math.Abs(d) < tiny ? tiny : d);
        double value = d;
        for (int m = 1; m <= TermLimit; m++)
        {
            int twice = 2 * m;
            Step(m * (b - m) * x / ((a + twice - 1) * (a + twice)));
            double change = Step(-(a + m) * (a + b + m) * x / ((a + twice) * (a + twice + 1)));
            if (Math.Abs(change - 1) < 3e-16)
            {
                break;
            }
        }

        return value;

        double Step(double coefficient)
        {
            d = 1 + (coefficient * d);
            d = 1 / (Math.Abs(d) < tiny ? tiny : d);
            c = 1 + (coefficient / c);
            c = Math.Abs(c) < tiny ? tiny : c;
            value *= c * d;
            return c * d;
        }
    }

    /// <summary>Ln of the gamma function at more than 0, by Stirling's series from 15 on and the recurrence below.</summary>
    private static double LogGamma(double x)
    {
        double product = 1;
        while (x < 15)
        {
            product *= x;
            x++;
        }

        double inverse = 1 / x, square = inverse * inverse;
        double series = inverse * ((1 / 12.0) - (square * ((1 / 360.0) - (square * ((1 / 1260.0) - (square * ((1 / 1680.0) - (square / 1188))))))));
        return ((x - 0.5) * PreciseMath.Log(x)) - x + 0.91893853320467274 + series - PreciseMath.Log(product);
    }
}
