using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Xunit;

namespace Biomarkers.Tests.Architecture;

/// <summary>What computes is pure: the same inputs give the same bits, on any machine, at any time.</summary>
public sealed class PurityTests
{
    // Types that reach outside; and of types that carry data too, the members that do.
    private static readonly string[] ForbiddenTypes =
    [
        "System.IO.File", "System.IO.FileInfo", "System.IO.FileStream", "System.IO.Directory", "System.IO.DirectoryInfo", "System.IO.DriveInfo",
        "System.Console", "System.TimeProvider", "System.Random", "System.Diagnostics.Process", "System.Diagnostics.Stopwatch", "System.Threading.Timer",
        "System.Security.Cryptography.RandomNumberGenerator", "System.AppContext", "System.AppDomain",
    ];

    private static readonly string[] ForbiddenNamespaces = ["System.Net", "System.Net.Http", "System.Net.Sockets", "Microsoft.Data.Sqlite", "LinqToDB"];

    private static readonly string[] ForbiddenMembers =
    [
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today", "System.DateTimeOffset.get_Now", "System.DateTimeOffset.get_UtcNow",
        "System.Guid.NewGuid", "System.Guid.CreateVersion7", "System.Threading.Tasks.Task.Delay", "System.Threading.Thread.Sleep",
        "System.IO.Path.GetTempPath", "System.IO.Path.GetTempFileName", "System.IO.Path.GetRandomFileName", "System.IO.Path.GetFullPath", "System.IO.Path.Exists",
        "System.TimeZoneInfo.get_Local",
    ];

    // The C library behind these gives other bits on other processors; PreciseMath gives the same.
    private static readonly string[] UnsteadyFunctions =
        [.. new[] { "Exp", "Log", "Log10", "Log2", "Pow", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Tanh", "Atan", "Cbrt" }.Select(name => $"System.Math.{name}")];

    [Theory]
    [InlineData("Biomarkers.Immunoassay")]
    [InlineData("Biomarkers.Instruments")]
    [InlineData("Biomarkers.Interchange")]
    [InlineData("Biomarkers.Results")]
    public void Assembly_ThatComputes_ReachesNothingOutside(string assembly) => Faults.None(FaultsOf(Assembly.Load(assembly)));

    [Fact]
    public void Immunoassay_ElementaryFunctions_AreItsOwn() =>
        Faults.None(MembersOf(Assembly.Load("Biomarkers.Immunoassay")).Intersect(UnsteadyFunctions));

    /// <summary>The same check finds what the tests do, which need no steady bits.</summary>
    [Fact]
    public void Tests_ElementaryFunctions_AreFound() => Assert.Contains("System.Math.Exp", MembersOf(typeof(PurityTests).Assembly));

    /// <summary>The same check finds what the client and the store do, which open files, ask the clock and connect.</summary>
    [Theory]
    [InlineData("Biomarkers.Client", "System.TimeProvider")]
    [InlineData("Biomarkers.Client", "System.IO.File")]
    [InlineData("Biomarkers.Client", "System.Random")]
    [InlineData("Biomarkers.Client", "System.Net.Http.SocketsHttpHandler")]
    [InlineData("Biomarkers.Client", "System.Environment.GetEnvironmentVariable")]
    [InlineData("Biomarkers.Storage", "Microsoft.Data.Sqlite.SqliteConnection")]
    public void Assembly_ThatReachesOutside_IsFound(string assembly, string reference) => Assert.Contains(reference, FaultsOf(Assembly.Load(assembly)));

    private static IEnumerable<string> FaultsOf(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        MetadataReader metadata = file.GetMetadataReader();
        string[] types = [.. metadata.TypeReferences.Select(handle => NameOf(metadata, handle)).Where(IsForbiddenType)];
        return [.. types.Concat(MembersOf(assembly).Where(IsForbiddenMember)).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>Members of other assemblies that an assembly names.</summary>
    private static string[] MembersOf(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        MetadataReader metadata = file.GetMetadataReader();
        return
        [
            .. metadata.MemberReferences.Select(metadata.GetMemberReference)
                .Where(member => member.Parent.Kind == HandleKind.TypeReference)
                .Select(member => $"{NameOf(metadata, (TypeReferenceHandle)member.Parent)}.{metadata.GetString(member.Name)}"),
        ];
    }

    private static bool IsForbiddenType(string name) => ForbiddenTypes.Contains(name) || ForbiddenNamespaces.Contains(name[..Math.Max(name.LastIndexOf('.'), 0)]);

    // Iterators ask for their thread, which is no input of what they yield.
    private static bool IsForbiddenMember(string name) =>
        ForbiddenMembers.Contains(name) || (name.StartsWith("System.Environment.", StringComparison.Ordinal) && name != "System.Environment.get_CurrentManagedThreadId");

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        TypeReference type = metadata.GetTypeReference(handle);
        string name = metadata.GetString(type.Name);
        string space = metadata.GetString(type.Namespace);
        return space.Length > 0 ? $"{space}.{name}" : name;
    }
}
