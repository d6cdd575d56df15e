import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Records of 100 bytes in transactions of so many, one after the other, and then all of them read back by a consumer of committed records.
 * A fifth of them is written before the clock starts; the clients have their own defaults.
 *
 * Arguments: bootstrap, topic (of one partition), records a transaction, records. Prints records per second written, and read.
 */
public final class Transactions {
    public static void main(String[] args) {
        String topic = args[1];
        int perTransaction = Integer.parseInt(args[2]);
        int records = Integer.parseInt(args[3]);
        byte[] value = new byte[100];
        Arrays.fill(value, (byte) 'x');
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("transactional.id", topic);
        settings.put("key.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
        settings.put("value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
        double written;
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings)) {
            producer.initTransactions();
            write(producer, topic, value, perTransaction, records / 5);
            long startedAt = System.nanoTime();
            write(producer, topic, value, perTransaction, records);
            written = records / ((System.nanoTime() - startedAt) / 1e9);
        }
        System.out.printf(Locale.ROOT, "%.1f%n%.1f%n", written, read(args[0], topic, records + records / 5));
    }

    private static void write(
        KafkaProducer<byte[], byte[]> producer, String topic, byte[] value, int perTransaction, int records) {
        for (int done = 0; done < records; done += perTransaction) {
            producer.beginTransaction();
            for (int index = 0; index < perTransaction; index++) producer.send(new ProducerRecord<>(topic, 0, null, value));
            producer.commitTransaction();
        }
    }

    /**
     * All is read once before it counts. The clock starts with the first records that come: at the end of the first time a fetch waits for
     * more, and what is asked next on its connection waits behind it, half a second (fetch.max.wait.ms) whoever the broker is.
     */
    private static double read(String bootstrap, String topic, int atLeast) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("isolation.level", "read_committed");
        settings.put("enable.auto.commit", "false");
        settings.put("key.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        settings.put("value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer");
        TopicPartition partition = new TopicPartition(topic, 0);
        double rate = 0;
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            consumer.assign(List.of(partition));
            for (int time = 0; time < 2; time++) {
                consumer.seekToBeginning(List.of(partition));
                int first = poll(consumer);
                long startedAt = System.nanoTime();
                int seen = first;
                while (seen < atLeast) seen += poll(consumer);
                rate = (seen - first) / ((System.nanoTime() - startedAt) / 1e9);
            }
        }
        return rate;
    }

    private static int poll(KafkaConsumer<byte[], byte[]> consumer) {
        int count = consumer.poll(Duration.ofSeconds(10)).count();
        if (count == 0) throw new IllegalStateException("nothing came for ten seconds");
        return count;
    }
}
