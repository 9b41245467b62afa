using LinqToDB;
using LinqToDB.Mapping;

namespace Biomarkers.Storage;

/// <summary>Texts and bytes have no length: the defaults of the query library carry one, and the SQLite driver cuts a parameter to it in silence.</summary>
internal static class ColumnTypes
{
    public static MappingSchema Unlimited { get; } = Make();

    private static MappingSchema Make()
    {
        var schema = new MappingSchema("Biomarkers");
        schema.SetDataType(typeof(string), DataType.Text);
        schema.SetDataType(typeof(byte[]), DataType.Blob);
        return schema;
    }
}
