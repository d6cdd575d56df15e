import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/**
 * A consumer that is behind by some records and reads up to the end of the partition, for several such lags in one process,
 * so that its own warming up is behind it: one lag is read first and not counted.
 *
 * Arguments: bootstrap, topic, lags from small to large. Prints records per second for each, in their order.
 */
public final class Backlog {
    public static void main(String[] args) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("enable.auto.commit", "false");
        settings.put("receive.buffer.bytes", "2097152");
        settings.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        settings.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        TopicPartition partition = new TopicPartition(args[1], 0);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            consumer.assign(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            read(consumer, partition, end, Math.min(end, 1_000_000));
            for (int index = 2; index < args.length; index++) {
                long lag = Long.parseLong(args[index]);
                System.out.printf(java.util.Locale.ROOT, "%.1f%n", read(consumer, partition, end, lag));
            }
        }
    }

    private static double read(KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, long end, long lag) {
        consumer.seek(partition, end - lag);
        long startedAt = System.nanoTime();
        long seen = 0;
        while (seen < lag) {
            int count = consumer.poll(Duration.ofSeconds(10)).count();
            if (count == 0) throw new IllegalStateException("nothing came for ten seconds after " + seen + " of " + lag);
            seen += count;
        }
        return seen / ((System.nanoTime() - startedAt) / 1e9);
    }
}
