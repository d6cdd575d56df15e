import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.CyclicBarrier;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/**
 * Many Java consumers of one group, with the client's own defaults, that subscribe at once: how long until each has its one partition. The
 * clients are made, and have their metadata, before.
 *
 * Arguments: bootstrap, topic (of as many partitions as members), classic or consumer, members. Prints milliseconds.
 */
public final class LargeGroup {
    public static void main(String[] args) throws Exception {
        int count = Integer.parseInt(args[3]);
        int[] owned = new int[count];
        boolean[] isOver = {false};
        long[] startedAt = {0};
        CyclicBarrier ready = new CyclicBarrier(count, () -> startedAt[0] = System.nanoTime());
        Thread[] members = new Thread[count];
        for (int index = 0; index < count; index++) {
            int self = index;
            members[index] = new Thread(() -> live(args, ready, owned, self, isOver));
            members[index].start();
        }
        synchronized (owned) {
            while (!areSettled(owned)) owned.wait(120_000);
            isOver[0] = true;
        }
        System.out.printf(Locale.ROOT, "%.1f%n", (System.nanoTime() - startedAt[0]) / 1e6);
        System.out.flush();
        // A hundred members that leave one after the other are not what is measured.
        Runtime.getRuntime().halt(0);
    }

    private static boolean areSettled(int[] owned) {
        for (int partitions : owned) if (partitions != 1) return false;
        return true;
    }

    private static void live(String[] args, CyclicBarrier ready, int[] owned, int self, boolean[] isOver) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("group.id", args[1] + "-" + args[2]);
        settings.put("group.protocol", args[2]);
        settings.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        settings.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            consumer.partitionsFor(args[1]);
            ready.await();
            consumer.subscribe(List.of(args[1]));
            while (true) {
                consumer.poll(Duration.ofMillis(20));
                synchronized (owned) {
                    int before = owned[self];
                    owned[self] = consumer.assignment().size();
                    if (owned[self] != before) owned.notifyAll();
                    if (isOver[0]) return;
                }
            }
        } catch (Exception failure) {
            failure.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }
}
