// A client that does not compile while it is measured: what bench/java/Latency.java does, with franz-go. One record is sent
// and acknowledged, then read by a consumer at the end of the partition, then the next. The first records are not counted.
//
// Arguments: bootstrap, topic, records, record bytes, acks, records to warm up. Prints average, p50, p99, p99.9 in µs.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	if len(os.Args) != 7 {
		fail(fmt.Errorf("want bootstrap, topic, records, record bytes, acks, records to warm up"))
	}
	bootstrap, topic, acks := os.Args[1], os.Args[2], os.Args[5]
	records, recordBytes, warmUp := whole(os.Args[3]), whole(os.Args[4]), whole(os.Args[6])
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()

	options := []kgo.Opt{kgo.SeedBrokers(bootstrap), kgo.AllowAutoTopicCreation(), kgo.ProducerLinger(0), kgo.RequiredAcks(kgo.AllISRAcks())}
	if acks == "1" {
		options = append(options, kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite())
	}
	producer, err := kgo.NewClient(options...)
	fail(err)
	defer producer.Close()
	value := bytes.Repeat([]byte("x"), recordBytes)
	// The first goes before the consumer is there: it begins at the end.
	fail(producer.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: value}).FirstErr())
	atEnd := map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtEnd()}}
	consumer, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap), kgo.ConsumePartitions(atEnd), kgo.FetchMaxWait(500*time.Millisecond))
	fail(err)
	defer consumer.Close()
	wait, stop := context.WithTimeout(ctx, 200*time.Millisecond)
	consumer.PollFetches(wait)
	stop()

	took := make([]float64, 0, records)
	for index := -warmUp; index < records; index++ {
		sentAt := time.Now()
		fail(producer.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: value}).FirstErr())
		for seen := 0; seen == 0; {
			fetches := consumer.PollFetches(ctx)
			fail(fetches.Err())
			seen = fetches.NumRecords()
		}
		if index >= 0 {
			took = append(took, float64(time.Since(sentAt).Nanoseconds())/1e3)
		}
	}
	slices.Sort(took)
	sum := 0.0
	for _, one := range took {
		sum += one
	}
	at := func(share float64) float64 { return took[min(len(took)-1, int(float64(len(took))*share))] }
	fmt.Printf("%.1f %.1f %.1f %.1f\n", sum/float64(len(took)), at(0.5), at(0.99), at(0.999))
}

func whole(text string) int {
	number, err := strconv.Atoi(text)
	fail(err)
	return number
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
