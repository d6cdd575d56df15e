"""Copies a topic in transactions with aiokafka (README.md says what a copier does). Arguments: BOOTSTRAP FROM TO COUNT"""

import asyncio
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

bootstrap, source, target, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
group = f"copiers to {target}"


async def new_producer():
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=target)
    await producer.start()
    return producer


async def copy(producer):
    consumer = AIOKafkaConsumer(
        source,
        bootstrap_servers=bootstrap,
        group_id=group,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    copied, turn = 0, 0
    while copied < count:
        polled = await consumer.getmany(timeout_ms=500, max_records=10)
        if not polled:
            continue
        await producer.begin_transaction()
        for records in polled.values():
            for record in records:
                await producer.send(target, record.value.upper(), key=record.key)
        ends = {place: records[-1].offset + 1 for place, records in polled.items()}
        await producer.send_offsets_to_transaction(ends, group)
        await producer.flush()  # What is still in memory would not be sent by an abort.
        turn += 1
        if turn % 3 == 0:
            await producer.abort_transaction()
            for place, records in polled.items():
                consumer.seek(place, records[0].offset)
        else:
            await producer.commit_transaction()
            copied += sum(len(records) for records in polled.values())
    await consumer.stop()


async def fence(producer):
    await producer.begin_transaction()
    await producer.send_and_wait(target, b"of the one that is fenced")
    following = await new_producer()
    try:
        await producer.commit_transaction()
        print("not fenced")
    except KafkaError as error:
        print(f"fenced by {type(error).__name__}")
    await producer.stop()
    await following.stop()


async def read(isolation):
    reader = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level=isolation, auto_offset_reset="earliest", enable_auto_commit=False
    )
    place = TopicPartition(target, 0)
    await reader.start()
    reader.assign([place])
    end, values = (await reader.end_offsets([place]))[place], []
    while await reader.position(place) < end:
        for records in (await reader.getmany(timeout_ms=200)).values():
            values.extend(record.value.decode() for record in records)
    await reader.stop()
    return values


async def main():
    producer = await new_producer()
    await copy(producer)
    await fence(producer)
    for value in await read("read_committed"):
        print(f"committed {value}")
    for value in await read("read_uncommitted"):
        print(f"written {value}")


asyncio.run(asyncio.wait_for(main(), 60))
