import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.RangeAssignor;

/**
 * Two Java consumers of one group, with the client's own defaults, that subscribe right after each other: how long until
 * each has its one partition of two. The clients are made and have their metadata before.
 *
 * Arguments: bootstrap, topic (of two partitions), how many groups one after the other. Prints three times in milliseconds:
 * of the first group from the second client's first JoinGroup, and from the subscribe; and the median of the later groups,
 * from that JoinGroup, in a JVM that has loaded by then what a rebalance needs.
 */
public final class GroupOfTwo {
    /** When the later of the two made its first JoinGroup. */
    private static final AtomicLong joinedAt = new AtomicLong();
    private static final ThreadLocal<Boolean> hasJoined = ThreadLocal.withInitial(() -> false);

    /** The default assignor under its own name; the client asks it for its part of each JoinGroup just before it is sent. */
    public static final class ClockedRange extends RangeAssignor {
        @Override
        public ByteBuffer subscriptionUserData(Set<String> topics) {
            if (!hasJoined.get()) {
                hasJoined.set(true);
                joinedAt.accumulateAndGet(System.nanoTime(), Math::max);
            }
            return super.subscriptionUserData(topics);
        }
    }

    private record Times(double fromJoin, double fromSubscribe) {}

    public static void main(String[] args) throws Exception {
        List<Times> groups = new ArrayList<>();
        for (int group = 0; group < Integer.parseInt(args[2]); group++) {
            groups.add(form(args[0], args[1], args[1] + "-group-" + group));
        }
        Times first = groups.get(0);
        double[] later = groups.stream().skip(1).mapToDouble(Times::fromJoin).sorted().toArray();
        double median = later.length == 0 ? first.fromJoin : later[later.length / 2];
        System.out.printf(Locale.ROOT, "%.1f %.1f %.1f%n", first.fromJoin, first.fromSubscribe, median);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static Times form(String bootstrap, String topic, String group) throws Exception {
        AtomicLong startedAt = new AtomicLong();
        CyclicBarrier ready = new CyclicBarrier(2, () -> startedAt.set(System.nanoTime()));
        int[] owned = new int[2];
        boolean[] isOver = new boolean[1];
        joinedAt.set(Long.MIN_VALUE);
        Thread[] members = new Thread[2];
        for (int member = 0; member < 2; member++) {
            int self = member;
            members[member] = new Thread(() -> live(bootstrap, topic, group, ready, owned, self, isOver));
            members[member].setDaemon(true);
            members[member].start();
        }
        long togetherAt;
        synchronized (owned) {
            while (owned[0] != 1 || owned[1] != 1) owned.wait(60_000);
            togetherAt = System.nanoTime();
            isOver[0] = true;
        }
        for (Thread member : members) member.join();
        return new Times((togetherAt - joinedAt.get()) / 1e6, (togetherAt - startedAt.get()) / 1e6);
    }

    private static void live(
        String bootstrap, String topic, String group, CyclicBarrier ready, int[] owned, int self, boolean[] isOver) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("group.id", group);
        settings.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        settings.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        settings.put("partition.assignment.strategy", List.of(ClockedRange.class, CooperativeStickyAssignor.class));
        hasJoined.set(false);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            consumer.partitionsFor(topic);
            ready.await();
            consumer.subscribe(List.of(topic));
            while (true) {
                consumer.poll(Duration.ofMillis(5));
                synchronized (owned) {
                    owned[self] = consumer.assignment().size();
                    owned.notifyAll();
                    if (isOver[0]) return;
                }
            }
        } catch (Exception failure) {
            failure.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }
}
