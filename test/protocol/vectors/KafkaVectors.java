import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;

/**
 * Fills every message class of Apache Kafka in every version, in three ways (everything set, everything left out, a
 * mixture), and prints what Kafka makes of it: name, version, bytes, and Kafka's own JSON of the value. The argument is
 * the folder of facts, which says what a version may carry.
 */
public class KafkaVectors {
    private static final Map<String, List<String>> PACKAGES = Map.of(
        "api", List.of("org.apache.kafka.common.message"),
        "common", List.of("org.apache.kafka.common.message"),
        "group-log", List.of("org.apache.kafka.coordinator.group.generated"),
        "transaction-log", List.of("org.apache.kafka.coordinator.transaction.generated"),
        "share-log", List.of("org.apache.kafka.coordinator.share.generated"),
        "metadata-log", List.of("org.apache.kafka.common.metadata"),
        "storage", List.of(
            "org.apache.kafka.server.log.remote.metadata.storage.generated",
            "org.apache.kafka.raft.generated")
    );

    private enum Way { FULL, SPARSE, MIXED }

    private final JsonNode facts;
    private final short version;
    private final Way way;
    private int counter;

    private KafkaVectors(JsonNode facts, short version, Way way) {
        this.facts = facts;
        this.version = version;
        this.way = way;
        this.counter = version + way.ordinal();
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        ObjectMapper mapper = new ObjectMapper();
        for (String group : PACKAGES.keySet().stream().sorted().toList()) {
            File[] files = new File(arguments[0], group).listFiles((folder, name) -> name.endsWith(".json"));
            Arrays.sort(files);
            for (File file : files) printVectors(out, mapper.readTree(file), group);
        }
        out.flush();
    }

    private static void printVectors(PrintStream out, JsonNode facts, String group) throws Exception {
        String valid = facts.get("validVersions").asText();
        if (valid.equals("none")) return;
        Class<?> type = find(facts, group);
        String[] bounds = valid.split("-");
        for (short version = Short.parseShort(bounds[0]); version <= Short.parseShort(bounds[bounds.length - 1]); version++) {
            for (Way way : Way.values()) {
                Message message = (Message) type.getConstructor().newInstance();
                new KafkaVectors(facts, version, way).fill(message, facts.get("fields"));
                ObjectSerializationCache cache = new ObjectSerializationCache();
                ByteBuffer bytes = ByteBuffer.allocate(message.size(cache, version));
                message.write(new ByteBufferAccessor(bytes), cache, version);
                out.println(group + "\t" + facts.get("name").asText() + "\t" + version + "\t"
                    + HexFormat.of().formatHex(bytes.array()) + "\t" + json(type, message, version));
            }
        }
    }

    private static Class<?> find(JsonNode facts, String group) throws ClassNotFoundException {
        String type = facts.get("type").asText();
        boolean isOfApi = type.equals("request") || type.equals("response") || type.equals("header");
        String name = facts.get("name").asText() + (isOfApi ? "Data" : "");
        for (String candidate : PACKAGES.get(group)) {
            try {
                return Class.forName(candidate + "." + name);
            } catch (ClassNotFoundException absent) {
                continue;
            }
        }
        throw new ClassNotFoundException(name);
    }

    private static Object json(Class<?> type, Message message, short version) throws Exception {
        Method write = Class.forName(type.getName() + "JsonConverter").getMethod("write", type, short.class, boolean.class);
        return write.invoke(null, message, version, false);
    }

    private void fill(Object target, JsonNode fields) throws Exception {
        for (JsonNode field : fields) {
            boolean isTagged = field.has("tag");
            String versions = text(field, "versions", text(field, "taggedVersions", "none"));
            if (!isIn(versions)) continue;
            if (isTagged && (way == Way.SPARSE || way == Way.MIXED && next() % 2 == 0)) continue;
            String camelCase = field.get("name").asText();
            camelCase = Character.toLowerCase(camelCase.charAt(0)) + camelCase.substring(1);
            Field java = target.getClass().getDeclaredField(camelCase);
            boolean isNull = isIn(text(field, "nullableVersions", "none"))
                && (way == Way.SPARSE || way == Way.MIXED && next() % 3 == 0);
            setter(target, camelCase).invoke(target, isNull ? null : value(field, java));
        }
    }

    private static Method setter(Object target, String camelCase) {
        String name = "set" + Character.toUpperCase(camelCase.charAt(0)) + camelCase.substring(1);
        return Arrays.stream(target.getClass().getMethods()).filter(method -> method.getName().equals(name)).findFirst().orElseThrow();
    }

    private Object value(JsonNode field, Field java) throws Exception {
        String type = field.get("type").asText();
        if (!type.startsWith("[]")) return element(type, field, java.getType());
        Class<?> elementType = elementType(java);
        @SuppressWarnings("unchecked")
        Collection<Object> list = java.getType() == List.class
            ? new ArrayList<>() : (Collection<Object>) java.getType().getConstructor().newInstance();
        int size = way == Way.SPARSE ? 0 : way == Way.FULL ? 2 : next() % 3;
        for (int index = 0; index < size; index++) list.add(element(type.substring(2), field, elementType));
        return list;
    }

    /** The element of a List, or of one of the collections that Kafka makes for structs with a key. */
    private static Class<?> elementType(Field java) throws ClassNotFoundException {
        if (java.getGenericType() instanceof ParameterizedType parameterized) {
            return (Class<?>) parameterized.getActualTypeArguments()[0];
        }
        return Class.forName(java.getType().getName().replaceAll("Collection$", ""));
    }

    private Object element(String type, JsonNode field, Class<?> java) throws Exception {
        int number = next();
        int sign = number % 4 == 3 ? -1 : 1;
        switch (type) {
            case "bool": return number % 2 == 0;
            case "int8": return (byte) (sign * (number % 128));
            case "int16": return (short) (sign * (number * 257 % 32768));
            case "uint16": return number * 4099 % 65536;
            case "int32": return sign * (number * 1000003 & Integer.MAX_VALUE);
            case "uint32": return number * 100000007L % 4294967296L;
            case "int64": return sign * (number * 100000000003L % 9007199254740991L);
            case "float64": return sign * number / 8.0;
            case "string": return string(number);
            case "uuid": return new Uuid(number * 0x9E3779B97F4A7C15L, ~number);
            case "records":
                return MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(number, string(number).getBytes(StandardCharsets.UTF_8)));
            case "bytes":
                byte[] bytes = string(number + 1).getBytes(StandardCharsets.UTF_8);
                return java == ByteBuffer.class ? ByteBuffer.wrap(bytes) : bytes;
            default: return struct(type, field, java);
        }
    }

    private Object struct(String type, JsonNode field, Class<?> java) throws Exception {
        Object struct = java.getConstructor().newInstance();
        JsonNode fields = field.get("fields");
        if (fields == null) {
            for (JsonNode common : facts.get("commonStructs")) {
                if (common.get("name").asText().equals(type)) fields = common.get("fields");
            }
        }
        fill(struct, fields);
        return struct;
    }

    private int next() {
        counter += 1;
        return counter;
    }

    /** Now and then empty, long, or not ASCII. */
    private static String string(int number) {
        if (number % 29 == 0) return "long" + "=".repeat(150) + number;
        if (number % 7 == 0) return "naïve-名-" + number;
        return "text" + number;
    }

    private static String text(JsonNode node, String name, String otherwise) {
        return node.has(name) ? node.get(name).asText() : otherwise;
    }

    private boolean isIn(String versions) {
        if (versions.equals("none")) return false;
        if (versions.endsWith("+")) return version >= Integer.parseInt(versions.substring(0, versions.length() - 1));
        String[] bounds = versions.split("-");
        return version >= Integer.parseInt(bounds[0]) && version <= Integer.parseInt(bounds[bounds.length - 1]);
    }
}
