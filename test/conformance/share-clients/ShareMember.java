import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A member of a share group. Explicit: what its value says becomes of a record (reject, release at the first attempt, else accept). Implicit:
 * what it was given is accepted by the next poll. It says what it was given, and ends once so many records are done.
 * Hold: it says nothing of it, and waits until it is killed.
 * Usage: BOOTSTRAP TOPIC GROUP explicit|implicit|hold COUNT
 */
public class ShareMember {
  public static void main(String[] args) throws InterruptedException {
    boolean isHolding = args[3].equals("hold");
    boolean isExplicit = args[3].equals("explicit");
    int left = Integer.parseInt(args[4]);
    Properties properties = new Properties();
    properties.put("bootstrap.servers", args[0]);
    properties.put("group.id", args[2]);
    properties.put("share.acknowledgement.mode", isExplicit ? "explicit" : "implicit");
    try (KafkaShareConsumer<String, String> consumer =
        new KafkaShareConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(args[1]));
      System.out.println("subscribed");
      while (left > 0) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500))) {
          short attempt = record.deliveryCount().orElse((short) 0);
          AcknowledgeType type = typeOf(record.value(), attempt);
          System.out.println("got " + record.value() + " " + attempt);
          if (isHolding) Thread.sleep(Long.MAX_VALUE);
          if (isExplicit) consumer.acknowledge(record, type);
          if (!isExplicit || type != AcknowledgeType.RELEASE) left -= 1;
        }
        if (isExplicit) consumer.commitSync().forEach((partition, error) -> error.ifPresent(e -> System.out.println("error " + e)));
      }
    }
    System.out.println("done");
  }

  private static AcknowledgeType typeOf(String value, int attempt) {
    if (value.startsWith("reject")) return AcknowledgeType.REJECT;
    return value.startsWith("release") && attempt == 1 ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT;
  }
}
