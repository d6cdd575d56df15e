"""Three transactions to a topic: committed, aborted, committed. Arguments: BOOTSTRAP TOPIC"""

import sys

from confluent_kafka import Producer

bootstrap, topic = sys.argv[1:]
producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "librdkafka"})
producer.init_transactions(60)
for outcome in ["commit", "abort", "commit again"]:
    producer.begin_transaction()
    producer.produce(topic, outcome)
    producer.flush(60)
    if outcome == "abort":
        producer.abort_transaction(60)
    else:
        producer.commit_transaction(60)
