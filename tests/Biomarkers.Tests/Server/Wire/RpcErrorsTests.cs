using Biomarkers.Client;
using Biomarkers.Immunoassay;
using Biomarkers.Server.Wire;
using Google.Protobuf;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server.Wire;

public sealed class RpcErrorsTests
{
    [Fact]
    public void Errors_ReadByTheClient_SayTheSame()
    {
        Assert.Equal((StatusCode.OutOfRange, "OFFSET_GAP", "7"), Read(RpcErrors.OffsetGap(9, 7), "expected_offset"));
        Assert.Equal((StatusCode.AlreadyExists, "OFFSET_CONFLICT", "9"), Read(RpcErrors.OffsetConflict(9, [new Fault("event.offset", "OFFSET_CONFLICT", "x")]), "offset"));
        Assert.Equal((StatusCode.Aborted, RpcFault.StaleEpoch, "3"), Read(RpcErrors.StaleEpoch("instruments/a/readStreams/b", 3), "epoch"));
        Assert.Equal((StatusCode.NotFound, "PLATE_NOT_FOUND", "plates/x"), Read(RpcErrors.NotFound("PLATE_NOT_FOUND", "plates/x"), "name"));
        Assert.Equal((StatusCode.DataLoss, "CHECKSUM_MISMATCH", "1"), Read(RpcErrors.ChecksumMismatch(1, default, ContentHash.Of([1])), "offset"));
        Assert.Equal((StatusCode.InvalidArgument, "INVALID_CONTENT", "1"), Read(RpcErrors.InvalidArgument([new Fault("a", "REQUIRED", "x")]), "fault_count"));
    }

    [Fact]
    public void Errors_ThatPass_AreTransientToTheClient()
    {
        Assert.True(RpcFault.Of(RpcErrors.ShuttingDown()).IsTransient);
        Assert.True(RpcFault.Of(RpcErrors.StoreUnavailable()).IsTransient);
        Assert.True(RpcFault.Of(RpcErrors.StreamIdle(TimeSpan.FromSeconds(60))).IsTransient);
        RpcFault full = RpcFault.Of(RpcErrors.ResourceExhausted("DISK_FULL", "The disk is full.", TimeSpan.FromSeconds(5)));
        Assert.True(full.IsTransient);
        Assert.Equal(TimeSpan.FromSeconds(5), full.RetryDelay);
        Assert.False(RpcFault.Of(RpcErrors.PermissionDenied("INSTRUMENT_FOREIGN", "no")).IsTransient);
    }

    [Fact]
    public void InvalidArgument_FewFaults_TellsEach()
    {
        List<Fault> faults = [.. Enumerable.Range(0, 20).Select(i => new Fault($"plate_read.columns[0].responses[{i}]", "NON_FINITE", $"Response {i} is not a finite number."))];

        RpcFault told = RpcFault.Of(RpcErrors.InvalidArgument(faults));

        Assert.Equal(faults.Select(fault => (fault.Field, fault.Reason, fault.Description)), told.Fields.Select(field => (field.Field, field.Reason, field.Description)));
    }

    [Fact]
    public void InvalidArgument_FaultPerWell_FitsATrailerAndSaysHowManyAreLeftOut()
    {
        List<Fault> faults = [.. Enumerable.Range(0, 1536).Select(i => new Fault($"plate_read.columns[0].responses[{i}]", "NON_FINITE", new string('x', 1000)))];

        RpcException error = RpcErrors.InvalidArgument(faults);
        RpcFault told = RpcFault.Of(error);

        // gRPC clients in other languages take 8 kB of metadata by default, in base64.
        Assert.InRange(error.Trailers.Sum(entry => entry.Key.Length + (entry.IsBinary ? entry.ValueBytes.Length * 4 / 3 : entry.Value.Length)), 1, 7500);
        Assert.Equal("1536", told.Metadata["fault_count"]);
        Assert.Equal($"{1536 - (told.Fields.Count - 1)} further faults are not listed.", told.Fields[^1].Description);
    }

    [Fact]
    public void DetailTypes_CoverEveryDetail_SoThatErrorsHaveAJsonForm()
    {
        Google.Rpc.Status status = RpcErrors.StatusOf([new Fault("a", "REQUIRED", "x")]);

        string json = new JsonFormatter(new JsonFormatter.Settings(true, RpcErrors.DetailTypes)).Format(status);

        Assert.Contains("fieldViolations", json, StringComparison.Ordinal);
    }

    private static (StatusCode Code, string Reason, string Value) Read(RpcException error, string key)
    {
        var fault = RpcFault.Of(error);
        return (fault.Code, fault.Reason, fault.Metadata[key]);
    }
}
