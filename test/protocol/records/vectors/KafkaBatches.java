import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.KRaftVersionRecord;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.message.VotersRecord;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;

/**
 * Record batches as Apache Kafka's own classes make and read them. "write" prints name, bytes, and what Kafka reads in them;
 * "read" takes lines of name and bytes and prints the same of those.
 */
public class KafkaBatches {
    private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("write")) batches().forEach((name, records) -> print(name, records.buffer()));
        else {
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] parts = line.split("\t");
                print(parts[0], ByteBuffer.wrap(HEX.parseHex(parts[1])));
            }
        }
        OUT.flush();
    }

    private static Map<String, MemoryRecords> batches() {
        Map<String, MemoryRecords> made = new LinkedHashMap<>();
        Map<String, Compression> codecs = new LinkedHashMap<>();
        codecs.put("none", Compression.NONE);
        codecs.put("gzip", Compression.gzip().build());
        codecs.put("snappy", Compression.snappy().build());
        codecs.put("lz4", Compression.lz4().build());
        codecs.put("zstd", Compression.zstd().build());
        codecs.forEach((name, codec) -> {
            made.put(name + ", every shape of record", MemoryRecords.withRecords(17L, codec, 3, everyShape()));
            made.put(name + ", many records", MemoryRecords.withRecords(0L, codec, many()));
            made.put(name + ", long runs", MemoryRecords.withRecords(0L, codec, new SimpleRecord(1L, new byte[150_000])));
        });
        made.put("idempotent", MemoryRecords.withIdempotentRecords(Compression.NONE, 4_000_000_000L, (short) 7, 2_147_483_646, everyShape()));
        made.put("transactional", MemoryRecords.withTransactionalRecords(5L, Compression.NONE, 9L, (short) 1, 0, 2, everyShape()));
        made.put("log append time", MemoryRecords.withRecords((byte) 2, 5L, Compression.NONE, TimestampType.LOG_APPEND_TIME, everyShape()));
        for (ControlRecordType type : List.of(ControlRecordType.COMMIT, ControlRecordType.ABORT)) {
            made.put("end of a transaction, " + type, MemoryRecords.withEndTransactionMarker(
                8L, 1_700_000_000_000L, 4, 9L, (short) 1, new EndTransactionMarker(type, 12)));
        }
        raft(made);
        return made;
    }

    private static void raft(Map<String, MemoryRecords> made) {
        LeaderChangeMessage.Voter voter = new LeaderChangeMessage.Voter().setVoterId(1);
        made.put("raft leaderChange", MemoryRecords.withLeaderChangeMessage(1L, 2L, 3, space(), new LeaderChangeMessage()
            .setVersion((short) 0).setLeaderId(1).setVoters(List.of(voter)).setGrantingVoters(List.of(voter.duplicate()))));
        made.put("raft snapshotHeader", MemoryRecords.withSnapshotHeaderRecord(0L, 2L, 3, space(),
            new SnapshotHeaderRecord().setVersion((short) 0).setLastContainedLogTimestamp(77L)));
        made.put("raft snapshotFooter", MemoryRecords.withSnapshotFooterRecord(9L, 2L, 3, space(),
            new SnapshotFooterRecord().setVersion((short) 0)));
        made.put("raft kraftVersion", MemoryRecords.withKRaftVersionRecord(1L, 2L, 3, space(),
            new KRaftVersionRecord().setVersion((short) 0).setKRaftVersion((short) 1)));
        VotersRecord.EndpointCollection endpoints = new VotersRecord.EndpointCollection();
        endpoints.add(new VotersRecord.Endpoint().setName("CONTROLLER").setHost("localhost").setPort(9093));
        made.put("raft kraftVoters", MemoryRecords.withVotersRecord(2L, 2L, 3, space(), new VotersRecord()
            .setVersion((short) 0).setVoters(List.of(new VotersRecord.Voter().setVoterId(1)
                .setVoterDirectoryId(new Uuid(3L, 4L)).setEndpoints(endpoints)
                .setKRaftVersionFeature(new VotersRecord.KRaftVersionFeature().setMaxSupportedVersion((short) 1))))));
    }

    private static ByteBuffer space() {
        return ByteBuffer.allocate(512);
    }

    private static SimpleRecord[] everyShape() {
        Header[] headers = {
            new RecordHeader("trace", bytes("42")), new RecordHeader("", new byte[0]), new RecordHeader("nothing", null)
        };
        return new SimpleRecord[] {
            new SimpleRecord(1_700_000_000_000L, bytes("key"), bytes("value")),
            new SimpleRecord(1_700_000_000_500L, (byte[]) null, bytes("no key")),
            new SimpleRecord(1_699_999_999_000L, bytes("gone"), null),
            new SimpleRecord(1_700_000_000_001L, (byte[]) null, (byte[]) null),
            new SimpleRecord(1_700_000_000_002L, new byte[0], new byte[0], headers),
            new SimpleRecord(1_700_000_000_003L, bytes("Schl\u00fcssel \u20ac"), bytes("\ud83d\ude00"), new Header[] { headers[0] })
        };
    }

    private static SimpleRecord[] many() {
        SimpleRecord[] records = new SimpleRecord[200];
        for (int i = 0; i < records.length; i++) {
            records[i] = new SimpleRecord(1_000L + i, bytes("order-" + i % 7), bytes("{\"order\":" + i + ",\"status\":\"placed\"}"));
        }
        return records;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void print(String name, ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        StringBuilder read = new StringBuilder();
        for (MutableRecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(copy)).batches()) {
            batch.ensureValid();
            read.append(String.join(" ", "base=" + batch.baseOffset(), "last=" + batch.lastOffset(), "magic=" + batch.magic(),
                "codec=" + batch.compressionType().id, "time=" + batch.timestampType().id, "max=" + batch.maxTimestamp(),
                "leader=" + batch.partitionLeaderEpoch(), "producer=" + batch.producerId(), "epoch=" + batch.producerEpoch(),
                "sequence=" + batch.baseSequence() + ".." + batch.lastSequence(), "transactional=" + batch.isTransactional(),
                "control=" + batch.isControlBatch(), "count=" + batch.countOrNull()));
            for (Record record : batch) read.append('|').append(describe(record));
        }
        OUT.println(name + "\t" + HEX.formatHex(copy) + "\t" + read);
    }

    private static String describe(Record record) {
        StringBuilder text = new StringBuilder();
        text.append(record.offset()).append(' ').append(record.timestamp());
        text.append(' ').append(hex(record.key())).append(' ').append(hex(record.value()));
        for (Header header : record.headers()) {
            byte[] value = header.value();
            text.append(' ').append(HEX.formatHex(bytes(header.key()))).append('=');
            text.append(value == null ? "null" : HEX.formatHex(value));
        }
        return text.toString();
    }

    private static String hex(ByteBuffer bytes) {
        if (bytes == null) return "null";
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return HEX.formatHex(copy);
    }
}
