"""A member of a group in a process of its own, with librdkafka. Arguments: PROTOCOL BOOTSTRAP GROUP TOPIC. See ../member.ts."""

import json
import sys
import threading

from confluent_kafka import Consumer

protocol, bootstrap, group, topic = sys.argv[1:]
leaving = threading.Event()


def tell(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def wait_for_word():
    sys.stdin.readline()
    leaving.set()


threading.Thread(target=wait_for_word, daemon=True).start()
# Of the consumer protocol (KIP-848) the broker says both.
session = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 300} if protocol == "classic" else {}
consumer = Consumer(
    {
        **session,
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "group.protocol": protocol,
        "auto.offset.reset": "earliest",
        "auto.commit.interval.ms": 100,
        "fetch.wait.max.ms": 100,
    }
)
own = set()


def add(_consumer, added):
    if protocol == "classic":
        own.clear()
    own.update(one.partition for one in added)
    tell(event="assigned", partitions=sorted(own))


def take(_consumer, taken):
    own.difference_update(one.partition for one in taken)
    if protocol == "consumer":
        tell(event="assigned", partitions=sorted(own))


consumer.subscribe([topic], on_assign=add, on_revoke=take)
while not leaving.is_set():
    message = consumer.poll(0.1)
    if message is None:
        continue
    if message.error():
        print(message.error(), file=sys.stderr)
        continue
    tell(event="record", partition=message.partition(), offset=message.offset(), value=message.value().decode())
consumer.close()
