// Alertmanager takes the webhooks of Prometheus Alertmanager and brings their
// alerts to a WeCom group:
//
//	WECOM_KEY=... WEBHOOK_TOKEN=... go run ./examples/alertmanager
//
// See docs/alertmanager.md.
package main

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/wecom"
)

// maxBody bounds a webhook in bytes. Thousands of alerts have less.
const maxBody = 8 << 20

// remember is how long an alert that was delivered is not delivered again.
// Alertmanager tells all alerts of a group again as soon as one is new, five
// minutes later by default, and reminds after repeat_interval, four hours by
// default: what is between the two drops the former and not the latter.
const remember = time.Hour

// A webhook is the body that Alertmanager posts, in its version 4:
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.
type webhook struct {
	Version     string   `json:"version"`
	GroupKey    string   `json:"groupKey"`
	Truncated   int      `json:"truncatedAlerts"`
	Receiver    string   `json:"receiver"`
	ExternalURL string   `json:"externalURL"`
	Alerts      []single `json:"alerts"`
}

// A single is one alert of the group.
type single struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"` // year 1 while it fires
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// alerts returns what the webhook says, the alerts that it leaves out included.
func (w *webhook) alerts() []alert.Alert {
	list := make([]alert.Alert, 0, len(w.Alerts)+1)
	for _, s := range w.Alerts {
		list = append(list, s.alert())
	}
	if w.Truncated > 0 { // max_alerts of the receiver
		list = append(list, alert.Alert{
			Source: "alertmanager", Name: "alerts left out", URL: w.ExternalURL, StartsAt: time.Now(),
			Summary: fmt.Sprintf("Alertmanager left out %d alerts of a group for the receiver %s", w.Truncated, w.Receiver),
		})
	}
	return list
}

func (s *single) alert() alert.Alert {
	severity, _ := alert.ParseSeverity(s.Labels["severity"])
	a := alert.Alert{
		Source:   "alertmanager",
		Key:      s.Fingerprint, // a hash of the labels
		Severity: severity,
		Level:    s.Labels["severity"],
		Name:     s.Labels["alertname"],
		Summary:  cmp.Or(s.Annotations["description"], s.Annotations["summary"], s.Annotations["message"]),
		Product:  s.Labels["job"],
		Region:   cmp.Or(s.Labels["region"], s.Labels["cluster"], s.Labels["namespace"]),
		Instance: cmp.Or(s.Labels["instance"], s.Labels["pod"], s.Labels["node"]),
		Labels:   s.Labels,
		StartsAt: s.StartsAt,
		URL:      s.GeneratorURL,
	}
	if s.Status == "resolved" { // any other word must not look like good news
		a.Status, a.EndsAt = alert.Resolved, s.EndsAt
	}
	if a.Key != "" { // the same alert, told again
		a.ID = strings.Join([]string{a.Key, a.Status.String(), a.Time().UTC().Format(time.RFC3339Nano)}, "/")
	}
	return a
}

// newHandler gives the alerts to a Sender. Alertmanager repeats what is answered
// with a status 5xx, and drops what is answered with 4xx.
func newHandler(to alert.Sender, token string, log *slog.Logger) http.Handler {
	want := sha256.Sum256([]byte("Bearer " + token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(r.Header.Get("Authorization")))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			log.Warn("refused: wrong token")
			http.Error(w, "wrong token", http.StatusUnauthorized)
			return
		}
		var hook webhook
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&hook)
		if err != nil || hook.Version != "4" {
			log.Error("unreadable webhook", "version", hook.Version, "error", err)
			http.Error(w, "want the JSON of a webhook, version 4", http.StatusBadRequest)
			return
		}
		if err := to.Send(r.Context(), hook.alerts()...); err != nil {
			log.Error("not delivered", "group", hook.GroupKey, "alerts", len(hook.Alerts), "error", err)
			http.Error(w, "not delivered, try again", http.StatusServiceUnavailable)
			return
		}
		log.Info("delivered", "group", hook.GroupKey, "alerts", len(hook.Alerts))
	})
}

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	robot, err := wecom.New(os.Getenv("WECOM_KEY"), nil)
	if err == nil && os.Getenv("WEBHOOK_TOKEN") == "" {
		err = fmt.Errorf("WEBHOOK_TOKEN is empty")
	}
	if err == nil {
		group := alert.Chain(robot, alert.Dedup(remember))
		server := http.Server{
			Addr:        cmp.Or(os.Getenv("LISTEN"), "127.0.0.1:9099"),
			Handler:     newHandler(group, os.Getenv("WEBHOOK_TOKEN"), log),
			ReadTimeout: 10 * time.Second,
		}
		log.Info("listening", "addr", server.Addr)
		err = server.ListenAndServe()
	}
	log.Error("ended", "error", err)
	os.Exit(1)
}
