"""Transactions with librdkafka, one for each line of standard input. Arguments: BOOTSTRAP TOPIC

Each writes three records, says "written N", waits for a line, commits, and says "committed N". What librdkafka asks to be tried again is
tried again, and a transaction that it asks to be aborted is aborted and done anew, with all its records.
"""

import sys

from confluent_kafka import KafkaException, Producer

bootstrap, topic = sys.argv[1:]
producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "survivor", "linger.ms": 0})


def persistently(step):
    while True:
        try:
            return step(30)
        except KafkaException as error:
            if not error.args[0].retriable():
                raise


def attempt(number):
    producer.begin_transaction()
    for part in range(3):
        producer.produce(topic, f"{number} {part}", partition=part)
    producer.flush(30)
    print(f"written {number}", flush=True)
    if not sys.stdin.readline():
        sys.exit(1)
    persistently(producer.commit_transaction)


persistently(producer.init_transactions)
for number in range(4):
    while True:
        try:
            attempt(number)
            break
        except KafkaException as error:
            if not error.args[0].txn_requires_abort():
                raise
            persistently(producer.abort_transaction)
            print(f"aborted {number}", flush=True)
    print(f"committed {number}", flush=True)
