using System.Reflection;
using Biomarkers.Pipeline;
using Biomarkers.Tests.Pipeline;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Biomarkers.Tests.Storage;

/// <summary>A product of database that the store works on.</summary>
public enum StoreEngine
{
    Sqlite,
    Postgres,
}

/// <summary>Tests that say the same of every engine: an abstract class of <see cref="StoreFactAttribute"/>, and a sealed one for each engine that adds nothing.</summary>
public abstract class StoreContract : IAsyncLifetime
{
    /// <summary>A database of this test alone, of the newest schema and empty.</summary>
    private protected TestDatabase Database { get; private set; } = null!;

    public async Task InitializeAsync() => Database = await TestDatabase.CreateAsync(EngineOf(GetType())!.Value);

    public async Task DisposeAsync()
    {
        if (Database is not null)
        {
            await Database.DisposeAsync();
        }
    }

    /// <summary>Engine of a class of tests; null where it names none.</summary>
    public static StoreEngine? EngineOf(Type tests) => tests.GetCustomAttribute<OnEngineAttribute>()?.Engine;

    private protected Task<PipelineHost> StartAsync(bool analyze = true, PipelineLimits? limits = null, TimeProvider? time = null) =>
        PipelineHost.StartAsync(Database, analyze, limits, time);
}

/// <summary>The engine that a class of tests runs on.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public abstract class OnEngineAttribute(StoreEngine engine) : Attribute
{
    public StoreEngine Engine => engine;
}

[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class OnSqliteAttribute() : OnEngineAttribute(StoreEngine.Sqlite);

[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class OnPostgresAttribute() : OnEngineAttribute(StoreEngine.Postgres);

/// <summary>A test on the engine of its class; skipped, visibly, where that engine's tools are missing, unless all tools are required.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Biomarkers.Tests.Storage.StoreFactDiscoverer", "Biomarkers.Tests")]
public sealed class StoreFactAttribute : FactAttribute
{
    /// <summary>Why the tests of an engine are skipped; null where they run.</summary>
    public static string? SkipReason(StoreEngine? engine, Func<string, bool> exists, bool allRequired) =>
        engine == StoreEngine.Postgres ? Tool.SkipReason(Tool.Postgres, exists, allRequired) : null;
}

/// <summary>Finds out for each class, not for each method, whether its tests can run: the methods of a contract belong to every engine.</summary>
public sealed class StoreFactDiscoverer(IMessageSink diagnostics) : FactDiscoverer(diagnostics)
{
    protected override IXunitTestCase CreateTestCase(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        string? reason = StoreFactAttribute.SkipReason(StoreContract.EngineOf(testMethod.TestClass.Class.ToRuntimeType()), File.Exists, Tool.AllRequired);
        return reason is null
            ? base.CreateTestCase(discoveryOptions, testMethod, factAttribute)
            : new XunitSkippedDataRowTestCase(
                DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, reason);
    }
}

public sealed class StoreContractTests
{
    private const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Type[] Contracts = [.. typeof(StoreContract).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(StoreContract)))];

    [Fact]
    public void Contracts_OfTheStore_RunOnEveryEngine()
    {
        foreach (Type contract in Contracts.Where(type => type.IsAbstract))
        {
            IEnumerable<StoreEngine?> engines = Contracts.Where(type => type.BaseType == contract).Select(StoreContract.EngineOf);
            Assert.Equal([.. Enum.GetValues<StoreEngine>()], engines.Select(engine => engine!.Value).Order());
        }

        Assert.NotEmpty(Contracts);
    }

    [Fact]
    public void Contracts_OfTheStore_DifferInNothingBetweenEngines() =>
        Assert.All(
            Contracts.Where(type => type.IsSealed).SelectMany(type => type.GetMembers(Declared)),
            member => Assert.Equal(MemberTypes.Constructor, member.MemberType));

    [Theory]
    [InlineData(StoreEngine.Sqlite, false, false)]
    [InlineData(StoreEngine.Postgres, false, true)]
    [InlineData(StoreEngine.Postgres, true, false)] // so that it fails where everything must be there
    public void SkipReason_ToolsMissing_IsGivenForTheEngineThatNeedsThem(StoreEngine engine, bool allRequired, bool skipped) =>
        Assert.Equal(skipped, StoreFactAttribute.SkipReason(engine, _ => false, allRequired) is not null);
}
