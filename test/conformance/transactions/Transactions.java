import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Copies a topic, transaction by transaction: each record that it reads is written to the other topic, and its offset committed, in one
 * transaction. Every third is aborted and done again. Then another producer takes the transactional id, and the first is fenced.
 * Usage: BOOTSTRAP FROM TO COUNT
 */
public class Transactions {
  public static void main(String[] args) throws Exception {
    String bootstrap = args[0], from = args[1], to = args[2];
    int count = Integer.parseInt(args[3]);
    try (KafkaProducer<String, String> plain = producer(bootstrap, null)) {
      for (int index = 0; index < count; index++) plain.send(new ProducerRecord<>(from, "k" + index % 3, "value " + index)).get();
    }
    KafkaProducer<String, String> producer = producer(bootstrap, "copier");
    producer.initTransactions();
    int copied = 0, round = 0;
    KafkaConsumer<String, String> consumer = consumer(bootstrap, "copiers");
    consumer.subscribe(List.of(from));
    while (copied < count) {
      var records = consumer.poll(Duration.ofMillis(500));
      if (records.isEmpty()) continue;
      producer.beginTransaction();
      Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
      Map<TopicPartition, Long> begin = new HashMap<>();
      for (ConsumerRecord<String, String> record : records) {
        TopicPartition partition = new TopicPartition(record.topic(), record.partition());
        producer.send(new ProducerRecord<>(to, record.key(), record.value()));
        offsets.put(partition, new OffsetAndMetadata(record.offset() + 1));
        begin.putIfAbsent(partition, record.offset());
      }
      producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
      if (round++ % 3 == 2) {
        producer.abortTransaction();
        begin.forEach(consumer::seek);
      } else {
        producer.commitTransaction();
        copied += records.count();
      }
    }
    consumer.close();
    KafkaProducer<String, String> next = producer(bootstrap, "copier");
    producer.beginTransaction();
    producer.send(new ProducerRecord<>(to, "k", "of the one that is fenced")).get();
    next.initTransactions();
    try {
      producer.commitTransaction();
      System.out.println("not fenced");
    } catch (ProducerFencedException fenced) {
      System.out.println("fenced");
    }
    next.close();
    producer.close(Duration.ZERO);
    List<String> values = new ArrayList<>();
    try (KafkaConsumer<String, String> reader = consumer(bootstrap, "readers")) {
      reader.subscribe(List.of(to));
      long until = System.currentTimeMillis() + 20_000;
      while (values.size() < count && System.currentTimeMillis() < until)
        reader.poll(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
      reader.poll(Duration.ofMillis(500)).forEach(record -> values.add(record.value()));
    }
    for (String value : values) System.out.println("read " + value);
  }

  private static KafkaProducer<String, String> producer(String bootstrap, String transactionalId) {
    Properties of = new Properties();
    of.put("bootstrap.servers", bootstrap);
    if (transactionalId != null) of.put("transactional.id", transactionalId);
    of.put("linger.ms", "0");
    return new KafkaProducer<>(of, new StringSerializer(), new StringSerializer());
  }

  private static KafkaConsumer<String, String> consumer(String bootstrap, String group) {
    Properties of = new Properties();
    of.put("bootstrap.servers", bootstrap);
    of.put("group.id", group);
    of.put("auto.offset.reset", "earliest");
    of.put("enable.auto.commit", "false");
    of.put("max.poll.records", "7");
    of.put("isolation.level", "read_committed");
    return new KafkaConsumer<>(of, new StringDeserializer(), new StringDeserializer());
  }
}
