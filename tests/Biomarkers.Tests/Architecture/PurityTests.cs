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

    [Theory]
    [InlineData("Biomarkers.Immunoassay")]
    [InlineData("Biomarkers.Instruments")]
    [InlineData("Biomarkers.Results")]
    public void Assembly_ThatComputes_ReachesNothingOutside(string assembly) => Faults.None(FaultsOf(Assembly.Load(assembly)));

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
        string[] members =
        [
            .. metadata.MemberReferences.Select(metadata.GetMemberReference)
                .Where(member => member.Parent.Kind == HandleKind.TypeReference)
                .Select(member => $"{NameOf(metadata, (TypeReferenceHandle)member.Parent)}.{metadata.GetString(member.Name)}")
                .Where(IsForbiddenMember),
        ];
        return [.. types.Concat(members).Distinct().Order(StringComparer.Ordinal)];
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
