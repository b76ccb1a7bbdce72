package relaying

import (
	"context"
	"time"
)

// fileEvery is after how long the file is looked at though nobody asks.
const fileEvery = 10 * time.Second

// health asks the outbox, and looks at the file.
func (r *relay) health(ctx context.Context) error {
	if err := r.intact(ctx); err != nil {
		return err
	}
	return r.box.Health(ctx)
}

// watchFile says that the file of the database is not what it was, also where
// nobody asks for the health.
func (r *relay) watchFile(ctx context.Context) {
	tick := time.NewTicker(fileEvery)
	defer tick.Stop()
	for told := ""; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := r.intact(ctx)
		if err == nil || ctx.Err() != nil {
			told = ""
		} else if told != err.Error() {
			told = err.Error()
			r.log.Error("the database is in danger", "error", err)
		}
	}
}
