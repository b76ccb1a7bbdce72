//go:build unix

package sqlqueue_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/autocall"
)

// A queue in a file beside the program. The driver is modernc.org/sqlite here;
// its options say that what was accepted is on the disk.
func Example() {
	dir, err := os.MkdirTemp("", "queue")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system cleans up too
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "calls.db")+
		"?_txlock=immediate&_pragma=busy_timeout(200)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	ctx := context.Background()
	queue, err := autocall.NewSQLQueue(ctx, db, "sqlite", nil)
	if err != nil {
		log.Fatal(err)
	}
	call := autocall.Call{
		Key: "disk of db-1", Severity: alert.Critical, Message: "disk full",
		People: []autocall.Person{{Name: "Zhang San", Number: "18700000001"}},
	}
	id, joined, err := queue.Enqueue(ctx, call)
	if err != nil {
		log.Fatal(err)
	}
	_, again, err := queue.Enqueue(ctx, call)
	if err != nil {
		log.Fatal(err)
	}
	s, err := queue.Get(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.State, s.Call.People, joined, again)
	// Output: queued [Zhang San (187******01)] false true
}
