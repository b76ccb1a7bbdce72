package opendb

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDatabases(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, given, dialect, dsn string }{
		{"file", "/var/lib/a b?#%.db", "sqlite", "file:/var/lib/a b%3f%23%25.db" + sqliteSettings},
		{"postgres", "postgres://u:p@h/d?sslmode=disable", "postgres", "postgres://u:p@h/d?sslmode=disable"},
		{"mysql", "mysql://u:p@h:3307/d", "mysql", "u:p@tcp(h:3307)/d"},
		{"mariadb without a port", "mariadb://u:p@h/d", "mysql", "u:p@tcp(h:3306)/d"},
		{"mysql over IPv6", "mysql://u:p@[::1]/d", "mysql", "u:p@tcp([::1]:3306)/d"},
		{"mysql with parameters", "mysql://u:p@h/d?tls=true&timeout=5s", "mysql", "u:p@tcp(h:3306)/d?timeout=5s&tls=true"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := Parse(tt.given)
			require.NoError(t, err)
			require.Equal(t, tt.dialect, d.Dialect)
			require.Equal(t, tt.dsn, d.dsn)
		})
	}
	d, err := Parse("mysql://us%40er:p%40s%2Fs%3Aw%3F(o)rd@db.example.com/calls")
	require.NoError(t, err)
	require.Equal(t, "us@er:p@s/s:w?(o)rd@tcp(db.example.com:3306)/calls", d.dsn, "which the driver was asked to read back")
	_, err = Parse("mysql://a%3Ab:p@h/d")
	require.ErrorContains(t, err, "user name")
}

// A file is made where it was named, whatever its name holds.
func TestOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b?#%.db")
	d, err := Parse(path)
	require.NoError(t, err)
	db, err := d.Open()
	require.NoError(t, err)
	require.NoError(t, db.PingContext(t.Context()))
	require.NoError(t, db.Close())
	require.FileExists(t, path)
}
