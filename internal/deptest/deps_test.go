// Package deptest_test checks what the packages of this module link and
// import. An importer pays for every module and package that comes along, so
// the limits are promises, not taste.
package deptest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	self        = "github.com/tocsin-go/tocsin"
	gosnmp      = "github.com/gosnmp/gosnmp"
	retryable   = "github.com/hashicorp/go-retryablehttp"
	cleanhttp   = "github.com/hashicorp/go-cleanhttp"
	xtime       = "golang.org/x/time"
	testify     = "github.com/stretchr/testify"
	moduleRoot  = "../.."
	wecomLimit  = 205 // packages, wecom itself included
	wecomModule = 3   // modules beside this one
)

// A listed is what go list says of one package.
type listed struct {
	ImportPath   string
	Standard     bool
	Module       *struct{ Path string }
	GoFiles      []string
	Imports      []string
	Deps         []string // everything linked, the package itself not included
	TestImports  []string
	XTestImports []string
}

// A graph holds this module's packages and all that they link, by import path.
type graph map[string]*listed

func TestLinkedByWecom(t *testing.T) {
	t.Parallel()
	g := load(t)
	p := g.own(t, "wecom")
	require.LessOrEqual(t, len(p.Deps)+1, wecomLimit, "packages linked by wecom")
	require.LessOrEqual(t, len(g.modules(p)), wecomModule, "modules linked by wecom: %v", g.modules(p))
}

// Whoever imports a package gets these modules and no others.
func TestModulesLinked(t *testing.T) {
	t.Parallel()
	g := load(t)
	http := []string{cleanhttp, retryable, xtime}
	tests := map[string][]string{
		"alert":                 nil,
		"alert/alerttest":       nil,
		"alert/card":            nil,
		"alert/escalate":        nil,
		"alert/outbox":          nil, // the driver is the importer's choice
		"alert/serve":           nil,
		"aliyun":                nil,
		"autocall":              nil,
		"autocall/autocalltest": nil,
		"dingtalk":              http,
		"dingtalk/dingtalktest": nil,
		"internal/httpcall":     http,
		"internal/inbound":      nil,
		"internal/jobstore":     nil,
		"internal/jsontext":     nil,
		"internal/leaktest":     nil,
		"internal/markup":       nil,
		"internal/neterr":       nil,
		"internal/phone":        nil,
		"internal/private":      nil,
		"internal/queuetest":    nil,
		"internal/quiet":        nil,
		"internal/robot":        http,
		"internal/secret":       nil,
		"internal/speech":       nil,
		"internal/sqldb":        nil,
		"internal/standin":      nil,
		"internal/storetest":    nil,
		"internal/webhook":      nil,
		"ocp":                   http,
		"ocp/ocptest":           nil,
		"pigeon":                http,
		"pigeon/pigeontest":     nil,
		"snmptrap":              {gosnmp}, // for SNMPv3
		"snmptrap/snmptraptest": {gosnmp},
		"voice":                 http,
		"voice/voicetest":       http,
		"wecom":                 http,
		"wecom/wecomtest":       nil,
	}
	for _, name := range g.ownNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			allowed, known := tests[name]
			require.True(t, known, "a new package: state here which modules it may link")
			for _, m := range g.modules(g.own(t, name)) {
				require.Contains(t, allowed, m)
			}
		})
	}
}

// The page of an escalation is for those who escalate.
func TestOutboxLinksNoTemplates(t *testing.T) {
	t.Parallel()
	g := load(t)
	require.NotContains(t, g.own(t, "alert/outbox").Deps, "html/template")
	require.Contains(t, g.own(t, "alert/escalate").Deps, "html/template")
}

func TestSnmptrapLinksNoHTTP(t *testing.T) {
	t.Parallel()
	require.NotContains(t, load(t).own(t, "snmptrap").Deps, "net/http")
}

// What judges the encoder's traps must not be made of the encoder.
func TestSnmptraptestSharesNoCode(t *testing.T) {
	t.Parallel()
	require.NotContains(t, load(t).own(t, "snmptrap/snmptraptest").Deps, self+"/snmptrap")
}

// A package, its tests included, knows the ground floor, the internal packages
// and itself. To join two channels is the business of a program. The conformance
// kit of the queue knows the queue.
func TestNoSiblings(t *testing.T) {
	t.Parallel()
	g := load(t)
	for _, name := range g.ownNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := g.own(t, name)
			for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
				other, ours := strings.CutPrefix(imported, self+"/")
				if ours && top(other) != "alert" && top(other) != "internal" && name != "internal/queuetest" {
					require.Equal(t, top(name), top(other), "%s imports its sibling %s", name, other)
				}
			}
		})
	}
}

func TestGroundFloor(t *testing.T) {
	t.Parallel()
	g := load(t)
	for _, d := range g.own(t, "alert").Deps {
		require.True(t, g[d].Standard, "alert links %s", d)
	}
}

// go.mod names what importers must fetch: four modules and what these need.
func TestDirectRequirements(t *testing.T) {
	t.Parallel()
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	require.NoError(t, json.Unmarshal(run(t, "mod", "edit", "-json"), &mod))
	var direct []string
	for _, r := range mod.Require {
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
	}
	require.ElementsMatch(t, []string{gosnmp, retryable, testify, xtime}, direct)
}

// top returns the first element of an import path below this module.
func top(name string) string {
	first, _, _ := strings.Cut(name, "/")
	return first
}

// own returns this module's package of that name, which must exist.
func (g graph) own(t *testing.T, name string) *listed {
	t.Helper()
	p := g[path.Join(self, name)]
	require.NotNil(t, p, "no package %s", name)
	return p
}

// ownNames lists this module's packages that hold more than tests.
func (g graph) ownNames() []string {
	var names []string
	for p, l := range g {
		if name, ours := strings.CutPrefix(p, self+"/"); ours && len(l.GoFiles) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// modules returns the modules beside this one that p links.
func (g graph) modules(p *listed) []string {
	var paths []string
	for _, d := range p.Deps {
		if l := g[d]; l != nil && l.Module != nil && l.Module.Path != self {
			paths = append(paths, l.Module.Path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// load asks the go command for the module's import graph.
func load(t *testing.T) graph {
	t.Helper()
	watch(t)
	dec := json.NewDecoder(bytes.NewReader(run(t, "list", "-deps",
		"-json=ImportPath,Standard,Module,GoFiles,Imports,Deps,TestImports,XTestImports", "./...")))
	g := graph{}
	for {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return g
		}
		require.NoError(t, err)
		g[p.ImportPath] = &p
	}
}

// run returns what the go command prints at the module's root. The platform is
// fixed because the standard library's own imports differ by platform, and the
// workspace is off because importers have none.
func run(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = moduleRoot
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOEXPERIMENT=", "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1")
	var problem strings.Builder
	cmd.Stderr = &problem
	out, err := cmd.Output()
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), problem.String())
	return out
}

// watch reads the module's folders, so that the test cache sees them change:
// it cannot see what a child process reads.
func watch(t *testing.T) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(moduleRoot, func(_ string, d fs.DirEntry, err error) error {
		if d != nil && d.Name() == ".git" {
			return fs.SkipDir
		}
		return err
	}))
}
