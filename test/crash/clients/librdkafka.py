"""The load of the crash test, with librdkafka, whose idempotent producer goes on through any number of broker deaths.

produce BOOTSTRAP TOPIC PARTITIONS    writes 0, 1, 2, … (n to partition n modulo PARTITIONS) until a line comes on stdin;
                                      tells each acknowledgement: "acked PARTITION OFFSET N"; at the end "written N"
commit BOOTSTRAP TOPIC GROUP          reads as a group and commits; tells each record, "read PARTITION OFFSET N", and each commit
                                      that was confirmed, "committed PARTITION OFFSET"

What the user of the library is told of is told here: "failed WHY".
"""

import sys
import threading
import time

from confluent_kafka import Consumer, KafkaException, Producer

stopping = threading.Event()
quick = {"reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100, "retry.backoff.ms": 20, "log_level": 0}


def wait_for_word():
    sys.stdin.readline()
    stopping.set()


def tell(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def produce(bootstrap, topic, partitions):
    failures = []

    def delivered(error, message):
        if error:
            failures.append(str(error))
        else:
            tell(f"acked {message.partition()} {message.offset()} {message.value().decode()}")

    def failed(error):
        if error.fatal():
            failures.append(f"fatal: {error}")

    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 2,
            "message.timeout.ms": 300000,
            "error_cb": failed,
            **quick,
        }
    )
    written = 0
    while not stopping.is_set() and not failures:
        if len(producer) < 100:
            for _ in range(10):
                producer.produce(topic, str(written), partition=written % int(partitions), on_delivery=delivered)
                written += 1
        producer.poll(0.01)
    left = producer.flush(60)
    tell(f"written {written}")
    if left or failures:
        tell(f"failed {left} records were not delivered; {failures[:3]}")


def commit(bootstrap, topic, group):
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "session.timeout.ms": 6000,
            "heartbeat.interval.ms": 300,
            "fetch.wait.max.ms": 50,
            **quick,
        }
    )
    consumer.subscribe([topic])
    while not stopping.is_set():
        messages = [message for message in consumer.consume(200, 0.05) if message.error() is None]
        if not messages:
            continue
        for message in messages:
            tell(f"read {message.partition()} {message.offset()} {message.value().decode()}")
        try:
            for place in consumer.commit(asynchronous=False):
                if place.error is None and place.offset >= 0:
                    tell(f"committed {place.partition} {place.offset}")
        except KafkaException:
            time.sleep(0.02)
    consumer.close()


threading.Thread(target=wait_for_word, daemon=True).start()
{"produce": produce, "commit": commit}[sys.argv[1]](*sys.argv[2:])
