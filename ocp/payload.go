package ocp

import (
	"cmp"
	"log/slog"
	"strings"
	"time"

	"github.com/tocsin-go/tocsin/alert"
	"github.com/tocsin-go/tocsin/internal/markup"
)

// Source is the [alert.Alert] Source of every alert from this package.
const Source = "ocp"

// A Payload is what OCP told a script about one alarm, or about several in an
// aggregated message: read, but not yet interpreted. Texts are as OCP spells
// them, without blanks around them, and empty if OCP said nothing. It is a
// plain value and may be read concurrently.
//
// Message, Description and the like may hold text from logs, with whatever
// somebody wrote there.
type Payload struct {
	// Values holds every variable that was set, as it came and under its own
	// name, blank ones and unexpanded placeholders included. Among them are
	// the variables that have no field here: those of Variables that are not
	// documented, and those that the caller asked for.
	Values map[string]string `json:"values"`

	ID          string `json:"id,omitempty"`         // alarm_id
	Type        string `json:"type,omitempty"`       // alarm_type: name of the rule
	Name        string `json:"name,omitempty"`       // alarm_name: title of the rule
	Level       string `json:"level,omitempty"`      // alarm_level: a word of any language, or 1 to 5
	LevelColor  string `json:"levelColor,omitempty"` // alarm_level_color
	Status      string `json:"status,omitempty"`     // alarm_status: a word of any language
	Scope       string `json:"scope,omitempty"`      // alarm_scope: a word of any language
	Target      string `json:"target,omitempty"`     // alarm_target: see TargetParts
	Summary     string `json:"summary,omitempty"`    // alarm_summary
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"` // alarm_url, missing in aggregated messages

	ActiveAt   time.Time `json:"activeAt,omitzero"` // alarm_active_at, or else alarm_time
	UpdatedAt  time.Time `json:"updatedAt,omitzero"`
	ResolvedAt time.Time `json:"resolvedAt,omitzero"` // zero while it lasts

	Duration           time.Duration `json:"duration,omitempty"`
	LastInterval       time.Duration `json:"lastInterval,omitempty"`
	EvaluationInterval time.Duration `json:"evaluationInterval,omitempty"`

	Threshold  string `json:"threshold,omitempty"`
	Value      string `json:"value,omitempty"`
	ValueShown string `json:"valueShown,omitempty"` // for people

	// Aggregated tells that the message is about several alarms, or about a
	// number of them that cannot be read.
	Aggregated bool   `json:"aggregated,omitempty"`
	Count      int    `json:"count,omitempty"`   // alarm_count; 0: not said
	GroupBy    string `json:"groupBy,omitempty"` // alarm_group_by
	Group      string `json:"group,omitempty"`   // alarm_group: categories of the rule

	AppType      string `json:"appType,omitempty"`
	Service      string `json:"service,omitempty"`
	AppCluster   string `json:"appCluster,omitempty"`
	ClusterGroup string `json:"clusterGroup,omitempty"` // ob_cluster_group
	Cluster      string `json:"cluster,omitempty"`      // ob_cluster
	ClusterID    string `json:"clusterId,omitempty"`    // ob_cluster_id
	Tenant       string `json:"tenant,omitempty"`       // ob_tenant
	HostIP       string `json:"hostIp,omitempty"`
	ServerIP     string `json:"serverIp,omitempty"` // svr_ip

	OperationName   string `json:"operationName,omitempty"`
	Operator        string `json:"operator,omitempty"`
	OperationResult string `json:"operationResult,omitempty"`
	FailedReason    string `json:"failedReason,omitempty"`
	CheckItem       string `json:"checkItem,omitempty"`

	// Message is the text that OCP made from the template of the channel, with
	// the blanks around it. Up to 128 KiB.
	Message string `json:"message,omitempty"`

	// MessageJSON is meant to be Message as JSON. Quotes in log lines make it
	// invalid, so use Message, which is taken from here if it is missing.
	MessageJSON string `json:"messageJson,omitempty"`

	RecipientUIDs []string `json:"recipientUids,omitempty"`
	Recipients    []string `json:"recipients,omitempty"` // recipients_json_array
	AtRecipients  string   `json:"atRecipients,omitempty"`

	// Problems names the variables that could not be read as expected, at most
	// 32 of them, and never their values.
	Problems []string `json:"problems,omitempty"`

	extra []string // names that the caller asked for, in that order
}

// IsTest reports whether this is what the test button of a channel sends: a
// message, and nothing that says of which alarm. A text that announces a
// recovery is none. Since 3.3.4 OCP gives values to other variables as well,
// but does not say to which: should they name an alarm, the test is told like
// one.
func (p *Payload) IsTest() bool { return p.namesNothing() && !announcesRecovery(p.Message) }

// title returns the name of the alarm for people, without falling back to the
// rule.
func (p *Payload) title() string { return p.translated(p.Name, "alarm_name") }

// details returns the description.
func (p *Payload) details() string { return p.translated(p.Description, "alarm_description") }

// levelWord returns OCP's word for the level.
func (p *Payload) levelWord() string {
	return cmp.Or(p.Level, p.text("alarm_level_native"), p.text("level"))
}

// statusWord returns OCP's word for the status.
func (p *Payload) statusWord() string { return cmp.Or(p.Status, p.text("alarm_status_native")) }

// Severity maps the level: 1 (down) and 2 (critical) are [alert.Critical], 3
// (alert) is Warning, 4 (caution) Notice and 5 (info) Info, each as number, as
// native name, and in the words of Simplified and Traditional Chinese and
// English. Without a level the colour of level 1 means Critical. It reports
// false if it had to guess: the severity of a word that other systems use, or
// else Warning.
func (p *Payload) Severity() (alert.Severity, bool) {
	if n := levelNumber(p.levelWord()); n != 0 {
		return levelSeverity(n), true
	}
	if strings.EqualFold(p.LevelColor, colourDown) {
		return alert.Critical, false
	}
	s, _ := alert.ParseSeverity(p.levelWord())
	return s, false
}

// State maps the status. It is [alert.Resolved] if the word for it says so in
// any of OCP's languages, and [alert.Firing] if it says that the alarm lasts,
// silenced and inhibited alarms included.
//
// Without a word, a message that begins like the recovery template of OCP is a
// recovery. With a word that is not known it takes two witnesses, such a
// message and the time of the recovery: everything else that is unknown counts
// as firing, and State reports false for a guess.
func (p *Payload) State() (alert.Status, bool) {
	word := p.statusWord()
	if s, known := statusOf(word); known {
		return s, true
	}
	if announcesRecovery(p.Message) && (word == "" || !p.ResolvedAt.IsZero()) {
		return alert.Resolved, false
	}
	return alert.Firing, false
}

// LogValue returns what identifies the alarm, and the problems. Everything
// else may be long or hold personal data.
func (p *Payload) LogValue() slog.Value {
	attrs := make([]slog.Attr, 0, 6)
	attrs = append(attrs, slog.Int("variables", len(p.Values)))
	for _, f := range [...]struct{ key, value string }{{"id", p.ID}, {"type", p.Type}, {"status", p.Status}, {"level", p.Level}} {
		if f.value != "" {
			attrs = append(attrs, slog.String(f.key, markup.OneLine(f.value, 256)))
		}
	}
	if len(p.Problems) > 0 {
		attrs = append(attrs, slog.Any("problems", p.Problems))
	}
	return slog.GroupValue(attrs...)
}
