using LinqToDB;
using LinqToDB.Mapping;

namespace Biomarkers.Storage;

/// <summary>Texts and bytes have no length: the defaults of the query library carry one, and the SQLite driver cuts a parameter to it in silence.</summary>
internal static class ColumnTypes
{
    public static MappingSchema Sqlite { get; } = Make("Biomarkers.Sqlite", DataType.Blob);

    public static MappingSchema Postgres { get; } = Make("Biomarkers.Postgres", DataType.VarBinary);

    private static MappingSchema Make(string name, DataType bytes)
    {
        var schema = new MappingSchema(name);
        schema.SetDataType(typeof(string), DataType.Text);
        schema.SetDataType(typeof(byte[]), bytes);
        return schema;
    }
}
