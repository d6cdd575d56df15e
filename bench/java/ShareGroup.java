import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.config.ConfigResource;

/**
 * Members of a share group, which read together what a topic holds and accept all of it implicitly, with the client's own defaults. A
 * tenth of the records is read before the clock starts.
 *
 * Arguments: bootstrap, topic, members, records that the topic holds. Prints records per second.
 */
public final class ShareGroup {
    public static void main(String[] args) throws Exception {
        long records = Long.parseLong(args[3]);
        String group = "share-" + args[1];
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        try (Admin admin = Admin.create(settings)) {
            ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
            AlterConfigOp earliest =
                new AlterConfigOp(new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET);
            admin.incrementalAlterConfigs(Map.of(resource, List.of(earliest))).all().get();
        }
        settings.put("group.id", group);
        settings.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        settings.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        AtomicLong read = new AtomicLong();
        AtomicLong startedAt = new AtomicLong();
        Thread[] members = new Thread[Integer.parseInt(args[2])];
        for (int index = 0; index < members.length; index++) {
            members[index] = new Thread(() -> {
                try (KafkaShareConsumer<byte[], byte[]> consumer = new KafkaShareConsumer<>(settings)) {
                    consumer.subscribe(List.of(args[1]));
                    while (read.get() < records) {
                        long now = read.addAndGet(consumer.poll(Duration.ofMillis(200)).count());
                        if (now >= records / 10) startedAt.compareAndSet(0, System.nanoTime());
                    }
                }
            });
            members[index].start();
        }
        while (read.get() < records) Thread.sleep(1);
        double seconds = (System.nanoTime() - startedAt.get()) / 1e9;
        for (Thread member : members) member.join();
        System.out.printf(Locale.ROOT, "%.1f%n", records * 0.9 / seconds);
    }
}
