namespace Biomarkers.Immunoassay.Analysis;

/// <summary>The whole method on one screen.</summary>
public static class PlateAnalyzer
{
    /// <summary>Version of the computation: raised by every change that can alter a number.</summary>
    public const string EngineVersion = "1";
}
