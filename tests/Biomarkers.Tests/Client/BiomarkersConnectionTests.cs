using Biomarkers.Client;
using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Client;

public sealed class BiomarkersConnectionTests
{
    [Fact]
    public async Task UnaryCall_ServerUnavailableOnce_IsRepeatedAndCarriesTheKey()
    {
        await using RehearsalServer server = await RehearsalServer.StartAsync();
        string keyFile = Path.GetTempFileName();
        await File.WriteAllTextAsync(keyFile, "s3cret-key\n");
        try
        {
            using BiomarkersConnection connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = server.Address, KeyFile = keyFile });
            ReadStream stream = await connection.Ingest.GetReadStreamAsync(new GetReadStreamRequest { Name = "instruments/a/readStreams/b" });

            Assert.Equal("instruments/a/readStreams/b", stream.Name);
            Assert.Equal(["Bearer s3cret-key", "Bearer s3cret-key"], server.State.Authorizations);
        }
        finally
        {
            File.Delete(keyFile);
        }
    }

    [Theory]
    [InlineData("http://lab-server:5080")] // a key must not travel in the clear
    [InlineData("ftp://127.0.0.1:5080")] // no HTTP at all
    public void Open_AddressThatIsNotSafe_SaysWhy(string address)
    {
        var exception = Assert.Throws<BiomarkersClientException>(() => BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = new Uri(address) }));

        Assert.Contains(address, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")] // an empty file
    [InlineData("two words")] // a header value with a space would be another header to some
    [InlineData("two\nlines")] // two keys
    public async Task Find_FileWithoutOneKey_SaysWhichFile(string content)
    {
        string keyFile = Path.GetTempFileName();
        await File.WriteAllTextAsync(keyFile, content);
        try
        {
            var exception = Assert.Throws<BiomarkersClientException>(() => ClientKey.Find(keyFile));

            Assert.Contains(keyFile, exception.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(keyFile);
        }
    }

    [Theory]
    [InlineData("https://lab-server:5080", "a.crt", null, "belong together")]
    [InlineData("https://lab-server:5080", null, "a.key", "belong together")]
    [InlineData("http://127.0.0.1:5080", "a.crt", "a.key", "travels in TLS only")]
    [InlineData("https://lab-server:5080", "none.crt", "none.key", "Unable to read the client certificate 'none.crt'")]
    public void Open_ClientCertificateThatCannotBeUsed_SaysWhy(string server, string? certificate, string? key, string expected)
    {
        var options = new BiomarkersConnectionOptions { Server = new Uri(server), ClientCertificateFile = certificate, ClientCertificateKeyFile = key };

        Assert.Contains(expected, Assert.Throws<BiomarkersClientException>(() => BiomarkersConnection.Open(options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_NamedFileMissing_Throws() =>
        Assert.Throws<BiomarkersClientException>(() => ClientKey.Find(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"))));

    [Fact]
    public void RpcFault_RichStatus_ReadsForAPerson()
    {
        var status = new Google.Rpc.Status { Code = (int)StatusCode.InvalidArgument, Message = "The plate read has 1 fault." };
        status.Details.Add(Any.Pack(new ErrorInfo { Domain = "biomarkers", Reason = "INVALID_PLATE_READ", Metadata = { ["plate"] = "P1" } }));
        status.Details.Add(Any.Pack(new BadRequest
        {
            FieldViolations =
            {
                new BadRequest.Types.FieldViolation { Field = "plate_read.well_count", Reason = "UNKNOWN_FORMAT", Description = "A plate of 95 wells is not known." },
            },
        }));
        status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(3)) }));

        var fault = RpcFault.Of(status.ToRpcException());

        Assert.Equal("P1", fault.Metadata["plate"]);
        Assert.Equal(TimeSpan.FromSeconds(3), fault.RetryDelay);
        Assert.Equal(
            $"InvalidArgument (INVALID_PLATE_READ): The plate read has 1 fault.{Environment.NewLine}  plate_read.well_count: A plate of 95 wells is not known.",
            fault.ToString());
    }
}
