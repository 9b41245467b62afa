"""A LIMS in Python: the stock gRPC packages and code generated from protos/, nothing else.

Usage: lims_client.py SERVER KEY_FILE SUBSCRIPTION FILE [CRASH_AFTER]

Makes the subscription where it is not there, pulls until nothing is due, and files each version in FILE, one JSON object in a line, on the disk
before it is acknowledged. A version is known by its name and number: what is filed already is acknowledged and not filed again. With
CRASH_AFTER the process kills itself when it has filed so many versions in this run, before it acknowledges the last ones. Prints one JSON
object: how many versions were filed, and how many came again.
"""

import json
import os
import signal
import sys
import time

import grpc
from google.protobuf import duration_pb2
from google.rpc import error_details_pb2
from google.rpc import status_pb2

from biomarkers.v1 import result_delivery_service_pb2 as delivery
from biomarkers.v1 import result_delivery_service_pb2_grpc as delivery_grpc
from biomarkers.v1 import result_pb2

DEADLINE_SECONDS = 30
LEASE_SECONDS = 2
BATCH = 2


def reason_of(error):
    """The reason of a refusal, as `google.rpc.Status` in the trailers says it."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    return info.reason
    return ""


def until_there(call, request):
    """Calls again while the server is away."""
    give_up = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            return call(request)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() > give_up:
                raise
            time.sleep(0.2)


def main(server, key_file, subscription, path, crash_after=None):
    with open(key_file, encoding="ascii") as file:
        metadata = (("authorization", "Bearer " + file.read().strip()),)
    filed = set()
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            filed = {(line["name"], line["version"]) for line in map(json.loads, file)}
    taken, again = 0, 0
    name = "subscriptions/" + subscription

    with grpc.insecure_channel(server) as channel, open(path, "a", encoding="utf-8") as file:
        stub = delivery_grpc.ResultDeliveryServiceStub(channel)
        call = lambda method: lambda request: method(request, metadata=metadata, timeout=DEADLINE_SECONDS)
        wanted = delivery.Subscription(ack_deadline=duration_pb2.Duration(seconds=LEASE_SECONDS))
        try:
            until_there(call(stub.CreateSubscription), delivery.CreateSubscriptionRequest(subscription_id=subscription, subscription=wanted, from_beginning=True))
        except grpc.RpcError as error:
            if reason_of(error) != "SUBSCRIPTION_EXISTS":
                raise

        while True:
            pulled = until_there(call(stub.PullResults), delivery.PullResultsRequest(subscription=name, max_results=BATCH))
            if not pulled.deliveries:
                about = until_there(call(stub.GetSubscription), delivery.GetSubscriptionRequest(name=name))
                if about.waiting_count + about.leased_count == 0:
                    break
                time.sleep(0.2)
                continue
            for one in pulled.deliveries:
                result = one.result
                if (result.name, result.version) in filed:
                    again += 1
                    assert one.attempt > 1, "a version that is filed came as if it were new"
                    continue
                filed.add((result.name, result.version))
                taken += 1
                status = result_pb2.ResultStatus.Name(result.status)
                value = result.concentration if result.HasField("concentration") else None
                line = {"name": result.name, "version": result.version, "status": status, "value": value, "supersedes": result.supersedes_version, "reason": result.reason}
                file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
            if crash_after is not None and taken >= crash_after:
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                until_there(call(stub.AcknowledgeResults), delivery.AcknowledgeResultsRequest(subscription=name, delivery_ids=[one.delivery_id for one in pulled.deliveries]))
            except grpc.RpcError as error:
                # Filed in time or not, what comes again is known by its name.
                if reason_of(error) != "LEASE_EXPIRED":
                    raise

    print(json.dumps({"filed": taken, "again": again}))


if __name__ == "__main__":
    main(*sys.argv[1:5], *map(int, sys.argv[5:6]))
