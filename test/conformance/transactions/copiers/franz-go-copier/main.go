// Copies a topic in transactions with franz-go (README.md of the folder above says what a copier does). Its GroupTransactSession
// consumes, produces and commits offsets as one.
//
// Arguments: BOOTSTRAP FROM TO COUNT
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

var bootstrap, source, target string

func main() {
	if len(os.Args) != 5 {
		fail(fmt.Errorf("want BOOTSTRAP FROM TO COUNT"))
	}
	bootstrap, source, target = os.Args[1], os.Args[2], os.Args[3]
	count, err := strconv.Atoi(os.Args[4])
	fail(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	copyAll(ctx, count)
	fence(ctx)
	read(ctx, "committed", kgo.ReadCommitted())
	read(ctx, "written", kgo.ReadUncommitted())
}

func copyAll(ctx context.Context, count int) {
	session, err := kgo.NewGroupTransactSession(
		kgo.SeedBrokers(bootstrap),
		kgo.TransactionalID(target),
		kgo.ConsumerGroup("copiers to "+target),
		kgo.ConsumeTopics(source),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.RequireStableFetchOffsets(),
	)
	fail(err)
	defer session.Close()
	for copied, turn := 0, 1; copied < count; turn++ {
		fetches := session.PollRecords(ctx, 10)
		fail(fetches.Err())
		fail(session.Begin())
		fetches.EachRecord(func(record *kgo.Record) {
			session.Produce(ctx, &kgo.Record{Topic: target, Key: record.Key, Value: bytes.ToUpper(record.Value)}, nil)
		})
		// What is still in memory would not be sent by an abort.
		fail(session.Client().Flush(ctx))
		// What is aborted is consumed again: the session goes back by itself.
		committed, err := session.End(ctx, kgo.TransactionEndTry(turn%3 != 0))
		fail(err)
		if committed {
			copied += fetches.NumRecords()
		}
	}
}

func fence(ctx context.Context) {
	first := newProducer()
	fail(first.BeginTransaction())
	fail(first.ProduceSync(ctx, &kgo.Record{Topic: target, Value: []byte("of the one that is fenced")}).FirstErr())
	next := newProducer()
	_, _, err := next.ProducerID(ctx)
	fail(err)
	if err := first.EndTransaction(ctx, kgo.TryCommit); err != nil {
		fmt.Println("fenced by", err)
	} else {
		fmt.Println("not fenced")
	}
	next.Close()
	first.CloseAllowingRebalance()
}

func newProducer() *kgo.Client {
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.TransactionalID(target))
	fail(err)
	return client
}

// All up to the end of now.
func read(ctx context.Context, what string, isolation kgo.IsolationLevel) {
	start := map[string]map[int32]kgo.Offset{target: {0: kgo.NewOffset().AtStart()}}
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumePartitions(start), kgo.FetchIsolationLevel(isolation),
		kgo.KeepControlRecords(), kgo.FetchMaxWait(500*time.Millisecond))
	fail(err)
	defer client.Close()
	for {
		wait, stop := context.WithTimeout(ctx, time.Second)
		fetches := client.PollFetches(wait)
		stop()
		if fetches.NumRecords() == 0 {
			return
		}
		fetches.EachRecord(func(record *kgo.Record) {
			if !record.Attrs.IsControl() {
				fmt.Println(what, string(record.Value))
			}
		})
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
