using System.Diagnostics.CodeAnalysis;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>The curve models that the product can fit: one line each.</summary>
public static class CurveModels
{
    /// <summary>All models.</summary>
    public static IReadOnlyList<CurveModel> All { get; } =
    [
        new FourParameterLogisticModel(),
        new FiveParameterLogisticModel(),
        new FiveParameterLogisticAdModel(),
        new LogLogModel(),
        new LinearModel(),
        new QuadraticModel(),
        new PointToPointModel(),
    ];

    /// <summary>The ids, for messages.</summary>
    public static string KnownIds { get; } = string.Join(", ", All.Select(model => model.Id));

    /// <summary>Finds a model by its id.</summary>
    public static bool TryFind(string id, [NotNullWhen(true)] out CurveModel? model)
    {
        model = All.FirstOrDefault(candidate => candidate.Id == id);
        return model is not null;
    }
}
