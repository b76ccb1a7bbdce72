// Alertmanager takes the webhooks of Prometheus Alertmanager and of ARMS, and
// brings their alerts to a WeCom group:
//
//	WECOM_KEY=... WEBHOOK_TOKEN=... go run ./examples/alertmanager
//
// See docs/alertmanager.md.
package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/alert/serve"
	"github.com/tocsin-go/tocsin/internal/inbound"
	"github.com/tocsin-go/tocsin/internal/quiet"
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
// ARMS posts the same without version and groupKey.
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
	EndsAt       time.Time         `json:"endsAt"` // while it fires, year 1, or what ARMS expects
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// alerts returns what the webhook says, the alerts that it leaves out included.
func (w *webhook) alerts() []alert.Alert {
	list := make([]alert.Alert, 0, len(w.Alerts)+1)
	for _, s := range w.Alerts {
		a := s.alert()
		a.URL = cmp.Or(a.URL, w.ExternalURL)
		list = append(list, a)
	}
	if w.Truncated > 0 { // max_alerts of the receiver
		list = append(list, alert.Alert{
			Source: "alertmanager", Name: "alerts left out", URL: w.ExternalURL, StartsAt: time.Now(),
			Summary: fmt.Sprintf("Alertmanager left out %d alerts of a group for the receiver %s", w.Truncated, w.Receiver),
		})
	}
	return list
}

// armsLevel is the label in which ARMS says how bad an alert is.
const armsLevel = "_aliyun_arms_alert_level"

func (s *single) alert() alert.Alert {
	level := cmp.Or(s.Labels[armsLevel], s.Labels["severity"])
	severity, _ := alert.ParseSeverity(level)
	if i := slices.Index([]string{"P4", "P3", "P2", "P1"}, level); i >= 0 { // the grades of ARMS
		severity = []alert.Severity{alert.Info, alert.Warning, alert.Major, alert.Critical}[i]
	}
	a := alert.Alert{
		Source:   "alertmanager",
		Key:      s.key(),
		Severity: severity,
		Level:    level,
		Name:     s.Labels["alertname"],
		Summary:  cmp.Or(s.Annotations["description"], s.Annotations["summary"], s.Annotations["message"]),
		Product:  cmp.Or(s.Labels["job"], s.Labels["_aliyun_arms_product_type"]),
		Region:   cmp.Or(s.Labels["region"], s.Labels["_aliyun_arms_region_id"], s.Labels["cluster"], s.Labels["namespace"]),
		Instance: cmp.Or(s.Labels["instance"], s.Labels["pod"], s.Labels["node"], s.Labels["clustername"]),
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

// key names the problem: by its fingerprint, and by its labels in case that two
// problems have the same.
func (s *single) key() string {
	if s.Fingerprint == "" {
		return ""
	}
	labels := maps.Clone(s.Labels)
	delete(labels, armsLevel) // may change while the problem lasts
	sum := sha256.Sum256(fmt.Append(nil, labels))
	return fmt.Sprintf("%s/%x", s.Fingerprint, sum[:8])
}

// once drops what was delivered already, but never a problem that is back: if
// its recovery did not arrive, only its beginning tells it from the first.
func once(to alert.Sender) alert.Sender {
	byBeginning := func(next alert.Sender) alert.Sender {
		return alert.SenderFunc(func(ctx context.Context, alerts ...alert.Alert) error {
			alerts = slices.Clone(alerts)
			for i := range alerts {
				a := &alerts[i]
				a.ID = "" // after a recovery it would hide the same beginning, told anew
				if a.Key != "" {
					a.Key += "/" + a.StartsAt.UTC().Format(time.RFC3339Nano)
				}
			}
			return next.Send(ctx, alerts...)
		})
	}
	return alert.Chain(to, byBeginning, alert.Dedup(remember))
}

// newHandler gives the alerts to a Sender. Alertmanager repeats what is answered
// with a status 5xx, and drops what is answered with 4xx.
func newHandler(to alert.Sender, token string, log *slog.Logger) http.Handler {
	want := inbound.NewSecret(token)
	strangers := quiet.New(log)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !want.Opens(inbound.Bearer(r)) {
			strangers.Warn("refused: wrong token")
			http.Error(w, "wrong token", http.StatusUnauthorized)
			return
		}
		var hook webhook
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&hook)
		arms := hook.Version == "" && hook.Alerts != nil
		if err != nil || hook.Version != "4" && !arms {
			log.Error("unreadable webhook", "version", hook.Version, "error", err)
			http.Error(w, "want the JSON of a webhook, version 4, or that of ARMS", http.StatusBadRequest)
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
	token := os.Getenv("WEBHOOK_TOKEN")
	if err == nil && len(token) < inbound.MinSecret {
		err = fmt.Errorf("WEBHOOK_TOKEN has fewer than %d characters", inbound.MinSecret)
	}
	if err == nil {
		addr := cmp.Or(os.Getenv("LISTEN"), "127.0.0.1:9099")
		log.Info("listening", "addr", addr)
		err = serve.ListenAndServe(context.Background(), addr, newHandler(once(robot), token, log), &serve.Options{Logger: log})
	}
	log.Error("ended", "error", err)
	os.Exit(1)
}
