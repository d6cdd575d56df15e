import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Many producers and many consumers in groups on one topic, all in one JVM, so that starting Java is not what is measured.
 * Measured is the time from the first record sent to the last one received by the last group, after a warm-up of the same
 * kind against the same broker.
 *
 * Arguments: bootstrap, topic, partitions, producers, groups, consumers per group, records, records to warm up, bytes.
 * Prints records produced per second (each is received once by every group).
 */
public final class ManyClients {
    private final String bootstrap;
    private final String topic;
    private final int partitions;
    private final AtomicLong received = new AtomicLong();
    private final AtomicInteger assigned = new AtomicInteger();
    private final AtomicBoolean isOver = new AtomicBoolean();

    private ManyClients(String bootstrap, String topic, int partitions) {
        this.bootstrap = bootstrap;
        this.topic = topic;
        this.partitions = partitions;
    }

    public static void main(String[] args) throws Exception {
        ManyClients clients = new ManyClients(args[0], args[1], Integer.parseInt(args[2]));
        int producerCount = Integer.parseInt(args[3]);
        int groups = Integer.parseInt(args[4]);
        int perGroup = Integer.parseInt(args[5]);
        long records = Long.parseLong(args[6]);
        long warmUp = Long.parseLong(args[7]);
        byte[] value = new byte[Integer.parseInt(args[8])];

        clients.makeTopic();
        List<Thread> consumers = new ArrayList<>();
        for (int group = 0; group < groups; group++) {
            for (int member = 0; member < perGroup; member++) consumers.add(clients.consumer(args[1] + "-group-" + group));
        }
        until(() -> clients.assigned.get() == groups * clients.partitions, "every partition is assigned");
        List<KafkaProducer<byte[], byte[]>> producers = new ArrayList<>();
        for (int index = 0; index < producerCount; index++) producers.add(clients.producer());

        clients.run(producers, warmUp, value, groups);
        long startedAt = System.nanoTime();
        long sent = clients.run(producers, records, value, groups);
        double seconds = (System.nanoTime() - startedAt) / 1e9;
        System.out.printf(java.util.Locale.ROOT, "%.1f%n", sent / seconds);

        clients.isOver.set(true);
        for (KafkaProducer<byte[], byte[]> producer : producers) producer.close(Duration.ZERO);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private void makeTopic() throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        try (Admin admin = Admin.create(settings)) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
        }
    }

    /** Sends the records from all producers at once, and waits until every group has all of them; gives how many were sent. */
    private long run(List<KafkaProducer<byte[], byte[]>> producers, long records, byte[] value, int groups) throws Exception {
        long each = records / producers.size();
        long wanted = received.get() + each * producers.size() * groups;
        List<Thread> threads = new ArrayList<>();
        for (KafkaProducer<byte[], byte[]> producer : producers) {
            Thread thread = new Thread(() -> {
                for (long index = 0; index < each; index++) producer.send(new ProducerRecord<>(topic, value));
                producer.flush();
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) thread.join();
        until(() -> received.get() >= wanted, "every group has every record");
        return each * producers.size();
    }

    private KafkaProducer<byte[], byte[]> producer() {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("buffer.memory", "8388608");
        settings.put("key.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
        settings.put("value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
        return new KafkaProducer<>(settings);
    }

    private Thread consumer(String group) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("group.id", group);
        settings.put("auto.offset.reset", "earliest");
        settings.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        settings.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        Thread thread = new Thread(() -> {
            KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings);
            consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> given) {
                    assigned.addAndGet(given.size());
                }

                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> taken) {
                    assigned.addAndGet(-taken.size());
                }
            });
            while (!isOver.get()) received.addAndGet(consumer.poll(Duration.ofMillis(200)).count());
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private interface Condition {
        boolean holds();
    }

    private static void until(Condition condition, String what) throws InterruptedException {
        long deadline = System.nanoTime() + 120_000_000_000L;
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) throw new IllegalStateException("two minutes passed before " + what);
            Thread.sleep(1);
        }
    }
}
