import java.util.Arrays;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * A record every few milliseconds with acks=all, as an application writes them, whatever happens to the brokers meanwhile: what counts
 * is the longest time in which nothing was acknowledged. The client has its own defaults.
 *
 * Arguments: bootstrap, topic, for how many milliseconds, between two records. Prints the longest time without an acknowledgement in
 * milliseconds, how many were acknowledged, how many failed.
 */
public final class Failover {
    public static void main(String[] args) throws Exception {
        String topic = args[1];
        long durationNanos = Long.parseLong(args[2]) * 1_000_000L;
        long pauseMs = Long.parseLong(args[3]);
        byte[] value = new byte[100];
        Arrays.fill(value, (byte) 'x');

        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("acks", "all");
        settings.put("key.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
        settings.put("value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");

        AtomicLong lastAt = new AtomicLong();
        AtomicLong longest = new AtomicLong();
        AtomicInteger acknowledged = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings)) {
            producer.send(new ProducerRecord<>(topic, 0, null, value)).get();
            // What waits for this line kills a broker later.
            System.out.println("writing");
            long startedAt = System.nanoTime();
            lastAt.set(startedAt);
            while (System.nanoTime() - startedAt < durationNanos) {
                producer.send(new ProducerRecord<>(topic, 0, null, value), (metadata, error) -> {
                    if (error != null) {
                        failed.incrementAndGet();
                        return;
                    }
                    acknowledged.incrementAndGet();
                    long now = System.nanoTime();
                    longest.accumulateAndGet(now - lastAt.getAndSet(now), Math::max);
                });
                Thread.sleep(pauseMs);
            }
        }
        System.out.printf(Locale.ROOT, "%.1f %d %d%n", longest.get() / 1e6, acknowledged.get(), failed.get());
    }
}
