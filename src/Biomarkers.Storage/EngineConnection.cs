using LinqToDB;
using LinqToDB.Data;
using LinqToDB.Internal.Common;

namespace Biomarkers.Storage;

/// <summary>A connection whose compiled queries count for every database of its engine.</summary>
/// <remarks>The query library takes another connection string for another configuration and compiles every query anew for it, some 40 ms each, although nothing of the string is in
/// a query. A program that opens several databases (a copy, a restore, tests) would mostly compile.</remarks>
internal sealed class EngineConnection(DataOptions options) : DataConnection(options), IConfigurationID
{
    // Mapping of the engine's provider and of this product's columns: all that a query depends on.
    int IConfigurationID.ConfigurationID => ((IConfigurationID)MappingSchema).ConfigurationID;
}
