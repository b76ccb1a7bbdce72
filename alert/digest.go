package alert

import (
	"cmp"
	"slices"
	"time"
)

// A Digest is the arithmetic of many alerts in one message. Whatever a
// renderer leaves out, it can say how much that was: the counts always add up
// to Total. It is a plain value that NewDigest built and nobody changes; its
// methods may be called concurrently.
type Digest struct {
	Total  int     // alerts given
	Groups []Group // most urgent first; their Counts add up to Total
}

// A Group is a set of equal problems: same Source and label "account", Status,
// Severity, Level, Product and Name, and all of them tests or none.
type Group struct {
	// Alert stands for the group: the one with the latest Time, of several
	// such the last to arrive. It shares its Labels with the alert given.
	Alert Alert

	// Count is the number of alerts in the group, at least 1.
	Count int

	// Instances are the distinct instances, most frequent first, ties in
	// order of arrival. An alert without Instance is in none of them, so
	// their Counts may add up to less than Count.
	Instances []Instance

	// First and Last bound the Times of the alerts. Alerts without a time do
	// not count; both are zero if none has one.
	First, Last time.Time
}

// An Instance is one instance of a group, and how many of its alerts are
// about it.
type Instance struct {
	Name  string
	Count int
}

// groupKey is what equal problems have in common.
type groupKey struct {
	test                                  bool
	status                                Status
	severity                              Severity
	source, account, level, product, name string
}

// instanceKey finds an instance within its group.
type instanceKey struct {
	group int
	name  string
}

// NewDigest groups alerts. What reports a problem comes first, then News, then
// what is over, each in order of Severity, worst first, then Firing before NoData,
// then Count, greatest first, then arrival. Tests follow all that is real. So the
// first group is what to look at first.
// It neither changes nor keeps the slice. The time it takes is linear in the
// number of alerts but for sorting the groups and their instances.
func NewDigest(alerts []Alert) Digest {
	groups := make(map[groupKey]int)
	instances := make(map[instanceKey]int)
	var tallies []tally
	for i := range alerts {
		a := &alerts[i]
		key := groupKey{a.Test, a.Status, a.Severity, a.Source, a.Labels["account"], a.Level, a.Product, a.Name}
		g, known := groups[key]
		if !known {
			g = len(tallies)
			groups[key] = g
			tallies = append(tallies, tally{arrival: g})
		}
		tallies[g].add(i, a.Time())
		if a.Instance == "" {
			continue
		}
		n, known := instances[instanceKey{g, a.Instance}]
		if !known {
			n = len(tallies[g].instances)
			instances[instanceKey{g, a.Instance}] = n
			tallies[g].instances = append(tallies[g].instances, Instance{Name: a.Instance})
		}
		tallies[g].instances[n].Count++
	}
	slices.SortFunc(tallies, func(a, b tally) int {
		return compareTallies(&alerts[a.newest], &alerts[b.newest], a, b)
	})
	d := Digest{Total: len(alerts), Groups: make([]Group, len(tallies))}
	for i, t := range tallies {
		slices.SortStableFunc(t.instances, func(a, b Instance) int { return cmp.Compare(b.Count, a.Count) })
		d.Groups[i] = Group{
			Alert: alerts[t.newest], Count: t.count, Instances: t.instances, First: t.first, Last: t.last,
		}
	}
	return d
}

// A tally is a group in the making. It holds an index instead of an Alert
// because sorting moves it about.
type tally struct {
	arrival     int // position among the groups as they arrived
	newest      int // index of the alert that stands for the group
	count       int
	instances   []Instance
	first, last time.Time
}

// add counts the alert at index i, which changed at the time at.
func (t *tally) add(i int, at time.Time) {
	t.count++
	if at.IsZero() {
		if t.last.IsZero() {
			t.newest = i
		}
		return
	}
	if t.last.IsZero() || !at.Before(t.last) {
		t.newest, t.last = i, at
	}
	if t.first.IsZero() || at.Before(t.first) {
		t.first = at
	}
}

// compareTallies puts the worse group first. It never finds two equal.
func compareTallies(a, b *Alert, ta, tb tally) int {
	return cmp.Or(
		cmp.Compare(b2i(a.Test), b2i(b.Test)),
		cmp.Compare(statusRank(a.Status), statusRank(b.Status)),
		cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(b2i(a.Status == NoData), b2i(b.Status == NoData)),
		cmp.Compare(tb.count, ta.count),
		cmp.Compare(ta.arrival, tb.arrival),
	)
}

// b2i returns 1 for true, which goes after false.
func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// statusRank orders states by how much they ask for: a problem or a blind spot,
// then news, then a recovery. What is out of range counts as a problem.
func statusRank(s Status) int {
	switch s {
	case Resolved:
		return 2
	case News:
		return 1
	}
	return 0
}

// Top splits the digest into its first n groups and the number of groups and
// alerts left over: the Counts of the groups returned plus restAlerts equal
// Total. An n out of range is taken as the nearest one within. The groups
// returned are a view of d.Groups.
func (d Digest) Top(n int) (groups []Group, restGroups, restAlerts int) {
	n = min(max(n, 0), len(d.Groups))
	restAlerts = d.Total
	for i := range n {
		restAlerts -= d.Groups[i].Count
	}
	return d.Groups[:n:n], len(d.Groups) - n, restAlerts
}

// Count returns how many of the alerts are in the state s, tests among them.
func (d Digest) Count(s Status) int {
	n := 0
	for i := range d.Groups {
		if d.Groups[i].Alert.Status == s {
			n += d.Groups[i].Count
		}
	}
	return n
}

// Name returns the n most frequent instances and the number of alerts about
// others or about none: the Counts of those named plus rest equal g.Count. An
// n out of range is taken as the nearest one within. The instances returned
// are a view of g.Instances.
func (g Group) Name(n int) (named []Instance, rest int) {
	n = min(max(n, 0), len(g.Instances))
	rest = g.Count
	for _, in := range g.Instances[:n] {
		rest -= in.Count
	}
	return g.Instances[:n:n], rest
}
