// A member of a consumer group of KIP-848 in a process of its own, with the Java client. Arguments: BOOTSTRAP GROUP TOPIC. The topic is
// subscribed to by an expression that the broker resolves. See ../member.ts.

import java.time.Duration;
import java.util.Collection;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

public class ConsumerMember {
  private static volatile boolean isLeaving = false;

  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("group.id", args[1]);
    settings.put("group.protocol", "consumer");
    settings.put("auto.offset.reset", "earliest");
    settings.put("auto.commit.interval.ms", "100");
    settings.put("fetch.max.wait.ms", "100");
    Thread word = new Thread(ConsumerMember::waitForWord);
    word.setDaemon(true);
    word.start();
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(new SubscriptionPattern(args[2].replace(".", "\\.")), listener(consumer));
      while (!isLeaving) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
          System.out.printf("{\"event\":\"record\",\"partition\":%d,\"offset\":%d,\"value\":\"%s\"}%n",
              record.partition(), record.offset(), record.value());
        }
      }
    }
  }

  private static ConsumerRebalanceListener listener(KafkaConsumer<String, String> consumer) {
    return new ConsumerRebalanceListener() {
      @Override
      public void onPartitionsAssigned(Collection<TopicPartition> added) {
        tell(consumer.assignment());
      }

      @Override
      public void onPartitionsRevoked(Collection<TopicPartition> taken) {
        tell(consumer.assignment().stream().filter(one -> !taken.contains(one)).collect(Collectors.toSet()));
      }
    };
  }

  private static void tell(Collection<TopicPartition> own) {
    String partitions = own.stream().map(one -> "" + one.partition()).collect(Collectors.joining(","));
    System.out.printf("{\"event\":\"assigned\",\"partitions\":[%s]}%n", partitions);
  }

  private static void waitForWord() {
    try {
      System.in.read();
    } catch (java.io.IOException ended) {
      // Whoever started this is gone.
    }
    isLeaving = true;
  }
}
