"""A member of a group in a process of its own, with librdkafka. Arguments: BOOTSTRAP GROUP TOPIC. See ../member.ts."""

import json
import sys
import threading

from confluent_kafka import Consumer

bootstrap, group, topic = sys.argv[1:]
leaving = threading.Event()


def tell(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def wait_for_word():
    sys.stdin.readline()
    leaving.set()


threading.Thread(target=wait_for_word, daemon=True).start()
consumer = Consumer(
    {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 300,
        "auto.commit.interval.ms": 100,
        "fetch.wait.max.ms": 100,
    }
)
consumer.subscribe(
    [topic],
    on_assign=lambda _consumer, own: tell(event="assigned", partitions=[partition.partition for partition in own]),
)
while not leaving.is_set():
    message = consumer.poll(0.1)
    if message is None:
        continue
    if message.error():
        print(message.error(), file=sys.stderr)
        continue
    tell(event="record", partition=message.partition(), offset=message.offset(), value=message.value().decode())
consumer.close()
