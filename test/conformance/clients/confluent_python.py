"""The Python side of confluent-python.ts.

produce BOOTSTRAP TOPIC CODEC ACKS     records as JSON lines on stdin (key, value, headers)
consume BOOTSTRAP TOPIC GROUP COUNT    records as JSON lines on stdout, keys and values in base64
"""

import base64
import json
import sys
import time

from confluent_kafka import Consumer, KafkaError, Producer


def produce(bootstrap, topic, codec, acks):
    failures = []

    def delivered(error, _message):
        if error:
            failures.append(str(error))

    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": codec, "acks": acks, "linger.ms": 20})
    for line in sys.stdin:
        record = json.loads(line)
        producer.produce(
            topic,
            key=record["key"],
            value=record["value"],
            headers=list(record["headers"].items()),
            on_delivery=delivered,
        )
        producer.poll(0)
    left = producer.flush(30)
    if left or failures:
        sys.exit(f"{left} records not delivered; {failures[:3]}")


def encoded(data):
    return None if data is None else base64.b64encode(data).decode()


def consume(bootstrap, topic, group, count):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    left = int(count)
    deadline = time.monotonic() + 50
    while left > 0:
        if time.monotonic() > deadline:
            sys.exit(f"{left} of {count} records did not come")
        message = consumer.poll(0.5)
        if message is None:
            continue
        if message.error():
            if message.error().code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                continue
            sys.exit(str(message.error()))
        left -= 1
        record = {
            "partition": message.partition(),
            "offset": message.offset(),
            "key": encoded(message.key()),
            "value": encoded(message.value()),
            "headers": {name: value.decode() for name, value in message.headers() or []},
        }
        sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()
    consumer.close()


{"produce": produce, "consume": consume}[sys.argv[1]](*sys.argv[2:])
