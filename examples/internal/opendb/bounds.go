package opendb

import (
	"github.com/tocsin-go/tocsin/alert/outbox"
	"github.com/tocsin-go/tocsin/examples/internal/cli"
)

// Defaults of the settings.
const (
	defaultAlerts = 1_000_000
	defaultMiB    = 4096
)

// Bounds are the settings of how much may wait: -db-max-alerts and -db-max-mib.
type Bounds struct{ alerts, mib *cli.Setting }

// NewBounds adds the settings to a form.
func NewBounds(f *cli.Form) Bounds {
	return Bounds{
		f.Text("db-max-alerts", "`number` of alerts that may wait, each once for each destination; beyond them callbacks are answered 503, 0 for no limit (default 1000000)"),
		f.Text("db-max-mib", "`MiB` that the database may grow to while alerts wait, likewise; keep it well below what the disk has free (default 4096)"),
	}
}

// Read returns the options of an outbox that the settings mean.
func (b Bounds) Read() (o outbox.Options, err error) {
	if o.MaxWaiting, err = b.alerts.Number(defaultAlerts, 0, 1<<30); err != nil {
		return o, err
	}
	mib, err := b.mib.Number(defaultMiB, 0, 1<<30)
	o.MaxBytes = int64(mib) << 20
	return o, err
}
