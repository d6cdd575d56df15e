import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * Counts the words of the topic lines into the topic counts, as a member of a streams group (KIP-1071), with a repartition topic and a state.
 * It says each state that it comes to, and why a thread of it ends, for which another begins; it leaves when it is told to end.
 * Usage: BOOTSTRAP DIRECTORY [SETTING=VALUE…]
 */
public class WordCount {
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        properties.put("application.id", "words");
        properties.put("bootstrap.servers", args[0]);
        properties.put("state.dir", args[1]);
        properties.put("group.protocol", "streams");
        properties.put("num.stream.threads", "2");
        properties.put("commit.interval.ms", "100");
        properties.put("statestore.cache.max.bytes", "0");
        properties.put("default.key.serde", Serdes.StringSerde.class);
        properties.put("default.value.serde", Serdes.StringSerde.class);
        for (int index = 2; index < args.length; index++) {
            String[] setting = args[index].split("=", 2);
            properties.put(setting[0], setting[1]);
        }
        StreamsBuilder builder = new StreamsBuilder();
        builder.<String, String>stream("lines")
            .flatMapValues(line -> List.of(line.split(" ")))
            .groupBy((key, word) -> word)
            .count()
            .toStream()
            .mapValues(count -> String.valueOf(count))
            .to("counts");
        KafkaStreams streams = new KafkaStreams(builder.build(), properties);
        streams.setStateListener((now, before) -> System.out.println("state " + now));
        streams.setUncaughtExceptionHandler(why -> {
            System.out.println("thread ends: " + why);
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(20))));
        streams.start();
    }
}
