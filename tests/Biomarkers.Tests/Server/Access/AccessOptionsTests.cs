using System.Net;
using Biomarkers.Server.Access;
using Biomarkers.Server.Hosting;
using Xunit;

namespace Biomarkers.Tests.Server.Access;

/// <summary>A server does not start on options under which somebody could pass for another.</summary>
public sealed class AccessOptionsTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-options-");

    [Fact]
    public void Faults_OfTheDefaults_AreNone() => Assert.Empty(new ServerOptions { DataDirectory = folder.FullName }.Faults());

    [Fact]
    public void Faults_UnsafeAccess_AreAllSaid()
    {
        string empty = Path.Combine(folder.FullName, "empty.crt");
        File.WriteAllText(empty, "nothing");
        var options = new ServerOptions
        {
            DataDirectory = folder.FullName,
            GrpcEndpoint = new IPEndPoint(IPAddress.Any, 5080),
            Access = new AccessOptions
            {
                ClientAuthorityFile = empty,
                Oidc = new OidcOptions { Authority = "http://login.example.org", Audience = "biomarkers", RoleClaim = "", AuthorityFile = Path.Combine(folder.FullName, "none.crt") },
                MaximumKeyLife = TimeSpan.FromDays(3651),
                ViewLife = TimeSpan.FromSeconds(31),
                DenialsCountedApart = 0,
            },
        };

        string[] begins =
        [
            "Addresses other than loopback need TLS", "Client certificates travel in TLS only", $"--client-ca '{empty}' holds no certificate", "--oidc-authority 'http://login.example.org' is no https address",
            "--oidc-role-claim is empty", "--oidc-ca: unable to read", "--maximum-key-days is 3651", "A time of the access rules", "DenialsCountedApart is 0",
        ];
        IReadOnlyList<string> faults = options.Faults();

        Assert.Equal(begins.Length, faults.Count);
        Assert.All(begins.Zip(faults), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "biomarkers")]
    [InlineData("https://login.example.org", "")]
    public void Faults_IssuerOrAudienceAlone_IsSaid(string authority, string audience)
    {
        var options = new AccessOptions { Oidc = new OidcOptions { Authority = authority, Audience = audience } };

        Assert.Contains("belong together", Assert.Single(options.Faults(hasTls: true)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bmk_0123456789abcdef_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ", "0123456789abcdef")]
    [InlineData("bmk_0123456789abcdeF_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ", null)]
    [InlineData("bmk_0123456789abcdef-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ", null)]
    [InlineData("bmk_0123456789abcdef_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP", null)]
    [InlineData("", null)]
    public void IdOf_TextOfAKey_IsItsPublicPart(string text, string? expected) => Assert.Equal(expected, KeyText.IdOf(text));

    [Fact]
    public void Make_Keys_AreOfTheirFormAndDiffer()
    {
        (string KeyId, string Text)[] made = [.. Enumerable.Range(0, 100).Select(_ => KeyText.Make())];

        Assert.All(made, key => Assert.Equal(key.KeyId, KeyText.IdOf(key.Text)));
        Assert.All(made, key => Assert.True(KeyText.Matches(KeyText.HashOf(key.Text), key.Text)));
        Assert.False(KeyText.Matches(KeyText.HashOf(made[0].Text), made[1].Text));
        Assert.Equal(200, made.SelectMany(key => new[] { key.KeyId, key.Text }).Distinct().Count());
    }

    public void Dispose() => folder.Delete(recursive: true);
}
