import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * What Kafka's EndToEndLatency does, told in microseconds: one record is sent and acknowledged, then read by a consumer at
 * the end of the partition, then the next. The first records warm up both sides and are not counted.
 *
 * Arguments: bootstrap, topic, records, record bytes, acks, records to warm up. Prints average, p50, p99, p99.9.
 */
public final class Latency {
    public static void main(String[] args) throws Exception {
        String topic = args[1];
        int records = Integer.parseInt(args[2]);
        byte[] value = new byte[Integer.parseInt(args[3])];
        int warmUp = Integer.parseInt(args[5]);
        Arrays.fill(value, (byte) 'x');

        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("acks", args[4]);
        settings.put("linger.ms", "0");
        settings.put("max.block.ms", "30000");
        settings.put("enable.idempotence", args[4].equals("all") ? "true" : "false");
        settings.put("key.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
        settings.put("value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
        settings.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        settings.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        settings.put("enable.auto.commit", "false");
        settings.put("fetch.max.wait.ms", "500");

        long[] nanos = new long[records];
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings);
             KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            List<TopicPartition> partitions = List.of(new TopicPartition(topic, 0));
            consumer.assign(partitions);
            consumer.seekToEnd(partitions);
            consumer.position(partitions.get(0));
            for (int index = -warmUp; index < records; index++) {
                long sentAt = System.nanoTime();
                producer.send(new ProducerRecord<>(topic, 0, null, value)).get();
                int seen = 0;
                while (seen == 0) {
                    seen = consumer.poll(Duration.ofSeconds(10)).count();
                    if (seen == 0 && System.nanoTime() - sentAt > 30_000_000_000L) throw new IllegalStateException("a record never came");
                }
                if (index >= 0) nanos[index] = System.nanoTime() - sentAt;
            }
        }
        Arrays.sort(nanos);
        double average = Arrays.stream(nanos).average().orElse(0);
        System.out.printf(java.util.Locale.ROOT, "%.1f %.1f %.1f %.1f%n", average / 1e3, at(nanos, 0.5), at(nanos, 0.99), at(nanos, 0.999));
    }

    private static double at(long[] sorted, double share) {
        return sorted[Math.min(sorted.length - 1, (int) (sorted.length * share))] / 1e3;
    }
}
