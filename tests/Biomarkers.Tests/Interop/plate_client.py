"""An instrument adapter and a reader of results in Python: the stock gRPC packages and code generated from protos/, nothing else.

Usage: plate_client.py SERVER KEY_FILE PLATE_FILE BARCODE

PLATE_FILE is a PlateRead in protobuf's JSON; it is sent under BARCODE. Then the same plate is sent under BARCODE-BAD with an infinite
response, which the server must quarantine. Prints one JSON object: what became of both, and the results.
"""

import hashlib
import json
import queue
import sys

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2

from biomarkers.v1 import analytical_run_service_pb2 as runs
from biomarkers.v1 import analytical_run_service_pb2_grpc as runs_grpc
from biomarkers.v1 import plate_pb2
from biomarkers.v1 import plate_read_ingest_service_pb2 as ingest
from biomarkers.v1 import plate_read_ingest_service_pb2_grpc as ingest_grpc

DEADLINE_SECONDS = 60


def main(server, key_file, plate_file, barcode):
    with open(key_file, encoding="ascii") as file:
        metadata = (("authorization", "Bearer " + file.read().strip()),)
    with open(plate_file, encoding="utf-8") as file:
        good = json_format.Parse(file.read(), plate_pb2.PlateRead())
    good.plate_barcode = barcode
    bad = plate_pb2.PlateRead()
    bad.CopyFrom(good)
    bad.plate_barcode = barcode + "-BAD"
    bad.columns[0].responses[3] = float("inf")

    with grpc.insecure_channel(server) as channel:
        run_service = runs_grpc.AnalyticalRunServiceStub(channel)
        # Watch first, send after: the run is not missed.
        watch = run_service.WatchAnalyticalRuns(
            runs.WatchAnalyticalRunsRequest(plate="plates/" + barcode), metadata=metadata, timeout=DEADLINE_SECONDS
        )
        opened, dispositions = send(channel, metadata, [good, bad])
        run = wait_for_run(run_service, watch, metadata, "plates/" + barcode)
        results = list_results(run_service, metadata, "plates/" + barcode)

    print(
        json.dumps(
            {
                "nextOffset": opened.next_offset,
                "dispositions": [describe(disposition) for disposition in dispositions],
                "run": run.name,
                "results": [json_format.MessageToDict(result) for result in results],
            }
        )
    )


def send(channel, metadata, plates):
    """Sends the plates over one stream; returns once everything is on the server's disk."""
    requests = queue.Queue()
    call = ingest_grpc.PlateReadIngestServiceStub(channel).StreamPlateReads(
        iter(requests.get, None), metadata=metadata, timeout=DEADLINE_SECONDS
    )
    requests.put(
        ingest.StreamPlateReadsRequest(open=ingest.OpenReadStream(instrument="instruments/reader-py", stream_id="main", client_version="plate_client.py"))
    )
    opened = next(call).opened
    for number, plate in enumerate(plates):
        content = ingest.StreamEventContent(plate_read=plate).SerializeToString()
        event = ingest.StreamEvent(offset=opened.next_offset + number, sha256=hashlib.sha256(content).digest(), content=content)
        requests.put(ingest.StreamPlateReadsRequest(event=event))

    dispositions = []
    end = opened.next_offset + len(plates)
    for response in call:
        dispositions.extend(response.ack.dispositions)
        if response.ack.next_offset >= end:
            break
    requests.put(None)
    for response in call:
        dispositions.extend(response.ack.dispositions)
    return opened, dispositions


def wait_for_run(run_service, watch, metadata, plate):
    # A watch that had not begun when the run was saved does not tell it: what is there already is listed.
    watch.initial_metadata()
    listed = run_service.ListAnalyticalRuns(runs.ListAnalyticalRunsRequest(plate=plate), metadata=metadata, timeout=DEADLINE_SECONDS)
    run = listed.analytical_runs[0] if listed.analytical_runs else next(watch).analytical_run
    watch.cancel()
    return run


def list_results(run_service, metadata, plate):
    """All results of a plate, page by page."""
    results = []
    token = ""
    while True:
        page = run_service.ListResults(
            runs.ListResultsRequest(plate=plate, page_size=2, page_token=token), metadata=metadata, timeout=DEADLINE_SECONDS
        )
        results.extend(page.results)
        token = page.next_page_token
        if not token:
            return results


def describe(disposition):
    """A disposition with the field faults of its BadRequest."""
    violations = []
    for detail in disposition.status.details:
        bad_request = error_details_pb2.BadRequest()
        if detail.Unpack(bad_request):
            violations.extend({"field": violation.field, "description": violation.description} for violation in bad_request.field_violations)
    return {
        "offset": disposition.offset,
        "kind": ingest.DispositionKind.Name(disposition.kind),
        "code": disposition.status.code,
        "violations": violations,
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
