import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/**
 * Two Java consumers of one group, with the client's own defaults, that subscribe right after each other: how long until
 * each has its one partition of two. The clients are made and have their metadata before.
 *
 * Arguments: bootstrap, topic (of two partitions). Prints milliseconds from the second subscribe.
 */
public final class GroupOfTwo {
    public static void main(String[] args) throws Exception {
        CountDownLatch ready = new CountDownLatch(2);
        CountDownLatch go = new CountDownLatch(1);
        int[] owned = new int[2];
        List<Thread> threads = new ArrayList<>();
        for (int member = 0; member < 2; member++) {
            int self = member;
            Thread thread = new Thread(() -> {
                Properties settings = new Properties();
                settings.put("bootstrap.servers", args[0]);
                settings.put("group.id", args[1] + "-group");
                settings.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
                settings.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
                KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings);
                consumer.partitionsFor(args[1]);
                ready.countDown();
                try {
                    go.await();
                } catch (InterruptedException interrupted) {
                    return;
                }
                consumer.subscribe(List.of(args[1]));
                while (true) {
                    consumer.poll(Duration.ofMillis(5));
                    synchronized (owned) {
                        owned[self] = consumer.assignment().size();
                        owned.notifyAll();
                    }
                }
            });
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
        ready.await();
        long startedAt = System.nanoTime();
        go.countDown();
        synchronized (owned) {
            while (owned[0] != 1 || owned[1] != 1) owned.wait(60_000);
        }
        System.out.printf(java.util.Locale.ROOT, "%.1f%n", (System.nanoTime() - startedAt) / 1e6);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
