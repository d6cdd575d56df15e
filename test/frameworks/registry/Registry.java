import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.connect.util.KafkaBasedLog;
import org.apache.kafka.connect.util.TopicAdmin;

/**
 * A schema registry with the keys, the topic and the REST interface that those of Confluent and Karapace have, of which no package registry
 * has one. What it knows is what it has read of the compacted topic _schemas: it reads to the end at its start, and after each write, which
 * is Kafka's own KafkaBasedLog. It knows the schemas' text only, and holds nothing against a new version.
 *
 * POST /subjects/S/versions {schema} · GET /subjects/S/versions/N · GET /schemas/ids/N · PUT /config/S {compatibility} · GET /config/S
 * DELETE /subjects/S?permanent=true
 * Usage: BOOTSTRAP PORT REPLICAS
 */
public class Registry {
    private static final String TOPIC = "_schemas";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** By subject and version. */
    private final Map<String, TreeMap<Integer, JsonNode>> subjects = new HashMap<>();
    private final Map<Integer, String> schemas = new HashMap<>();
    private final Map<String, String> compatibility = new HashMap<>();
    private final KafkaBasedLog<String, String> log;
    /** Of a schema that was deleted for good as well, for as long as this process knows of it. */
    private int lastId = 0;

    public static void main(String[] args) throws Exception {
        Registry registry = new Registry(args[0], Short.parseShort(args[2]));
        registry.log.start();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[1])), 0);
        server.createContext("/", registry::answer);
        server.start();
    }

    private Registry(String bootstrap, short replicas) {
        Map<String, Object> producer = new HashMap<>(Map.of(
            "bootstrap.servers", bootstrap, "acks", "all", "key.serializer", StringSerializer.class.getName(),
            "value.serializer", StringSerializer.class.getName(), "delivery.timeout.ms", 240_000));
        Map<String, Object> consumer = new HashMap<>(Map.of(
            "bootstrap.servers", bootstrap, "auto.offset.reset", "earliest", "enable.auto.commit", "false",
            "key.deserializer", StringDeserializer.class.getName(), "value.deserializer", StringDeserializer.class.getName()));
        TopicAdmin admin = new TopicAdmin(Map.of("bootstrap.servers", bootstrap));
        log = new KafkaBasedLog<>(TOPIC, producer, consumer, () -> admin, this::read, Time.SYSTEM, topics -> {
            topics.createTopics(TopicAdmin.defineTopic(TOPIC).compacted().partitions(1).replicationFactor(replicas).build());
            topics.verifyTopicCleanupPolicyOnlyCompact(TOPIC, "kafkastore.topic", "schemas");
        });
    }

    private synchronized void read(Throwable error, ConsumerRecord<String, String> record) {
        if (error != null) throw new IllegalStateException(error);
        try {
            JsonNode key = JSON.readTree(record.key());
            JsonNode value = record.value() == null ? null : JSON.readTree(record.value());
            String subject = key.get("subject").asText();
            if (key.get("keytype").asText().equals("CONFIG")) {
                if (value == null) compatibility.remove(subject);
                else compatibility.put(subject, value.get("compatibilityLevel").asText());
                return;
            }
            TreeMap<Integer, JsonNode> versions = subjects.computeIfAbsent(subject, name -> new TreeMap<>());
            if (value == null) {
                versions.remove(key.get("version").asInt());
                if (versions.isEmpty()) subjects.remove(subject);
                return;
            }
            versions.put(key.get("version").asInt(), value);
            int id = value.get("id").asInt();
            schemas.put(id, value.get("schema").asText());
            lastId = Math.max(lastId, id);
        } catch (IOException unreadable) {
            throw new IllegalStateException(unreadable);
        }
    }

    /** One request at a time. */
    private void answer(HttpExchange exchange) throws IOException {
        int status = 200;
        Object body;
        try {
            JsonNode request = JSON.readTree(exchange.getRequestBody());
            body = decide(exchange.getRequestMethod(), exchange.getRequestURI().getPath().substring(1).split("/"), request);
            if (body == null) {
                status = 404;
                body = Map.of("message", "not found");
            }
        } catch (Exception problem) {
            status = 500;
            body = Map.of("message", String.valueOf(problem));
        }
        byte[] bytes = JSON.writeValueAsString(body).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/vnd.schemaregistry.v1+json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private Object decide(String method, String[] path, JsonNode request) throws Exception {
        String what = method + " " + path[0];
        if (what.equals("POST subjects")) return register(path[1], request.get("schema").asText());
        if (what.equals("DELETE subjects")) return delete(path[1]);
        if (what.equals("PUT config")) {
            String level = request.get("compatibility").asText();
            write(configKey(path[1]), Map.of("compatibilityLevel", level));
            return Map.of("compatibility", level);
        }
        synchronized (this) {
            switch (what) {
                case "GET subjects":
                    TreeMap<Integer, JsonNode> versions = subjects.get(path[1]);
                    return versions == null ? null : versions.get(Integer.parseInt(path[3]));
                case "GET schemas":
                    String schema = schemas.get(Integer.parseInt(path[2]));
                    return schema == null ? null : Map.of("schema", schema);
                case "GET config":
                    String level = compatibility.get(path[1]);
                    return level == null ? null : Map.of("compatibilityLevel", level);
                default:
                    return null;
            }
        }
    }

    /** What is there already keeps its version and its id. */
    private Object register(String subject, String schema) throws Exception {
        int version = 1;
        int id;
        synchronized (this) {
            TreeMap<Integer, JsonNode> versions = subjects.get(subject);
            if (versions != null) {
                for (JsonNode known : versions.values())
                    if (known.get("schema").asText().equals(schema)) return Map.of("id", known.get("id").asInt());
                version = versions.lastKey() + 1;
            }
            id = lastId + 1;
        }
        write(schemaKey(subject, version), Map.of("subject", subject, "version", version, "id", id, "schema", schema));
        return Map.of("id", id);
    }

    /** For good: a tombstone for each version. */
    private Object delete(String subject) throws Exception {
        Integer[] versions;
        synchronized (this) {
            if (!subjects.containsKey(subject)) return null;
            versions = subjects.get(subject).keySet().toArray(new Integer[0]);
        }
        for (int version : versions) write(schemaKey(subject, version), null);
        return versions;
    }

    private static String schemaKey(String subject, int version) throws IOException {
        return JSON.createObjectNode().put("keytype", "SCHEMA").put("subject", subject).put("version", version).put("magic", 1).toString();
    }

    private static String configKey(String subject) throws IOException {
        return JSON.createObjectNode().put("keytype", "CONFIG").put("subject", subject).put("magic", 0).toString();
    }

    /** Done when it is stored, and read back. */
    private void write(String key, Map<String, Object> value) throws Exception {
        log.sendWithReceipt(key, value == null ? null : JSON.writeValueAsString(value)).get(300, TimeUnit.SECONDS);
        log.readToEnd().get(300, TimeUnit.SECONDS);
    }
}
