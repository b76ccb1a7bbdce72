package opendb

import (
	"cmp"
	"database/sql"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the other driver
)

const (
	connectTime = 10 * time.Second // unless the URL has another one
	answerTime  = time.Minute      // for what a context does not end: a handshake of MySQL
)

// errURL is all that may be said of a URL with a password in it.
var errURL = errors.New("not a URL; characters such as @ and / in a password are written as %40 and %2F")

func parsePostgres(s string) (Database, error) {
	u, err := url.Parse(s)
	if err != nil {
		return Database{}, errURL
	}
	return Database{
		Dialect: "postgres", Shown: "postgres://" + u.Host + u.Path,
		connect: func() (*sql.DB, error) { return sql.Open("pgx", connectInTime(*u)) },
		secrets: func() []string {
			password, _ := u.User.Password()
			_, escaped, _ := strings.Cut(u.User.String(), ":")
			return []string{password, escaped, u.Query().Get("password"), u.Query().Get("sslpassword")}
		},
	}, nil
}

// connectInTime returns the URL with a bound for connecting.
func connectInTime(u url.URL) string {
	query := u.Query()
	if !query.Has("connect_timeout") {
		query.Set("connect_timeout", strconv.Itoa(int(connectTime.Seconds())))
		u.RawQuery = query.Encode()
	}
	return u.String()
}

// parseMySQL makes the driver's own settings of a URL.
func parseMySQL(s string) (Database, error) {
	u, err := url.Parse(s)
	if err != nil {
		return Database{}, errURL
	}
	name := strings.TrimPrefix(u.Path, "/")
	if u.Hostname() == "" || name == "" || strings.Contains(name, "/") {
		return Database{}, errors.New("want mysql://user:password@host:3306/database")
	}
	c, err := mysql.ParseDSN("/?" + u.RawQuery)
	if err != nil {
		return Database{}, errors.New("what stands behind the question mark is not of the driver's parameters")
	}
	c.Net, c.Addr, c.DBName = "tcp", u.Host, name
	if u.Port() == "" {
		c.Addr += ":3306"
	}
	c.Timeout = cmp.Or(c.Timeout, connectTime)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, answerTime)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, answerTime)
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.Logger = new(mysql.NopLogger) // its errors come back as well
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return Database{}, errors.New("the driver does not take the settings of this server")
	}
	return Database{
		Dialect: "mysql", Shown: "mysql://" + c.Addr + u.Path,
		connect: func() (*sql.DB, error) { return sql.OpenDB(connector), nil },
		secrets: func() []string { return []string{c.Passwd} },
	}, nil
}
