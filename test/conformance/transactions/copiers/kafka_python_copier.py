"""Copies a topic in transactions with kafka-python (README.md says what a copier does). Arguments: BOOTSTRAP FROM TO COUNT"""

import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

bootstrap, source, target, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])


def new_producer():
    producer = KafkaProducer(bootstrap_servers=bootstrap, transactional_id=target)
    producer.init_transactions()
    return producer


producer = new_producer()
consumer = KafkaConsumer(
    source,
    bootstrap_servers=bootstrap,
    group_id=f"copiers to {target}",
    isolation_level="read_committed",
    auto_offset_reset="earliest",
    enable_auto_commit=False,
    max_poll_records=10,
)
copied, turn = 0, 0
while copied < count:
    polled = consumer.poll(timeout_ms=500)
    if not polled:
        continue
    producer.begin_transaction()
    for records in polled.values():
        for record in records:
            producer.send(target, record.value.upper(), key=record.key)
    ends = {place: OffsetAndMetadata(records[-1].offset + 1, "", -1) for place, records in polled.items()}
    producer.send_offsets_to_transaction(ends, consumer.group_metadata())
    producer.flush()  # What is still in memory would not be sent by an abort.
    turn += 1
    if turn % 3 == 0:
        producer.abort_transaction()
        for place, records in polled.items():
            consumer.seek(place, records[0].offset)
    else:
        producer.commit_transaction()
        copied += sum(len(records) for records in polled.values())
consumer.close()

producer.begin_transaction()
producer.send(target, b"of the one that is fenced").get(timeout=30)
following = new_producer()
try:
    producer.commit_transaction()
    print("not fenced")
except KafkaError as error:
    print(f"fenced by {type(error).__name__}")
following.close()


def read(isolation):
    reader = KafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level=isolation, auto_offset_reset="earliest", enable_auto_commit=False
    )
    place = TopicPartition(target, 0)
    reader.assign([place])
    end, values, until = reader.end_offsets([place])[place], [], time.time() + 20
    while reader.position(place) < end and time.time() < until:
        for records in reader.poll(timeout_ms=200).values():
            values.extend(record.value.decode() for record in records)
    reader.close()
    return values


for value in read("read_committed"):
    print(f"committed {value}")
for value in read("read_uncommitted"):
    print(f"written {value}")
