import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/**
 * A consumer that is behind by some records and reads up to the end of the partition, for several such lags in one process,
 * so that its own warming up is behind it: the longest lag is read first and not counted, and a short one is read again and
 * again, because a second says little.
 *
 * Arguments: bootstrap, topic, records to read at least for each lag, lags from small to large. Prints records per second for each, in their order.
 */
public final class Backlog {
    public static void main(String[] args) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("enable.auto.commit", "false");
        settings.put("receive.buffer.bytes", "2097152");
        // At the end of a lag a fetch waits there for more records; the next lag's would wait behind it, half a second by default.
        settings.put("fetch.max.wait.ms", "1");
        settings.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        settings.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        long atLeast = Long.parseLong(args[2]);
        TopicPartition partition = new TopicPartition(args[1], 0);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            consumer.assign(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            read(consumer, partition, end, Long.parseLong(args[args.length - 1]));
            for (int index = 3; index < args.length; index++) {
                long lag = Long.parseLong(args[index]);
                long times = Math.max(1, atLeast / lag);
                double seconds = 0;
                for (long time = 0; time < times; time++) seconds += read(consumer, partition, end, lag);
                System.out.printf(java.util.Locale.ROOT, "%.1f%n", lag * times / seconds);
            }
        }
    }

    /** Seconds. */
    private static double read(KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, long end, long lag) {
        consumer.seek(partition, end - lag);
        long startedAt = System.nanoTime();
        long seen = 0;
        while (seen < lag) {
            int count = consumer.poll(Duration.ofSeconds(10)).count();
            if (count == 0) throw new IllegalStateException("nothing came for ten seconds after " + seen + " of " + lag);
            seen += count;
        }
        return (System.nanoTime() - startedAt) / 1e9;
    }
}
