using System.Linq.Expressions;
using System.Reflection;
using LinqToDB.Mapping;

namespace Biomarkers.Storage.Copies;

/// <summary>The table of a row's class and its columns, in the order of the class.</summary>
internal static class RowColumns<T>
{
    /// <summary>Name of the table; of the class where it names none.</summary>
    public static readonly string Table = typeof(T).GetCustomAttribute<TableAttribute>()?.Name ?? typeof(T).Name;

    /// <summary>Names of the columns, and how each is read of a row.</summary>
    public static readonly (string Name, Func<T, object?> Value)[] All =
    [
        .. from property in typeof(T).GetProperties()
           let column = property.GetCustomAttribute<ColumnAttribute>()
           where column is not null
           select (column.Name!, Reader(property)),
    ];

    private static Func<T, object?> Reader(PropertyInfo property)
    {
        ParameterExpression row = Expression.Parameter(typeof(T));
        return Expression.Lambda<Func<T, object?>>(Expression.Convert(Expression.Property(row, property), typeof(object)), row).Compile();
    }
}
