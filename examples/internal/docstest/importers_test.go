package docstest_test

import (
	"archive/zip"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module  = "github.com/tocsin-go/tocsin"
	version = "v0.0.1-mirror"
)

// The commands of the page vendor a program and build it from the copy alone.
func TestVendoring(t *testing.T) {
	t.Parallel()
	absolute, err := filepath.Abs(root)
	require.NoError(t, err)
	dir := consumer(t, "require "+module+" v0.0.0\n\nreplace "+module+" => "+absolute)
	goCommand(t, dir, nil, "build", "-mod=mod", "-o", os.DevNull, ".")
	for _, b := range read(t, "docs/importers.md").blocks {
		if b.note == "run by TestVendoring" {
			shell(t, dir, b.text, "CGO_ENABLED=0")
		}
	}
	require.FileExists(t, filepath.Join(dir, "vendor", module, "wecom/robot.go"))
	require.NoDirExists(t, filepath.Join(dir, "vendor/github.com/stretchr"), "modules of tests")
	require.NoDirExists(t, filepath.Join(dir, "vendor/github.com/gosnmp"), "modules of other packages")
}

// A folder that is laid out as a proxy serves this module as it is published,
// without the internet and without a checksum database.
func TestProxyOfOnesOwn(t *testing.T) {
	t.Parallel()
	proxy := t.TempDir()
	publish(t, filepath.Join(proxy, filepath.FromSlash(module), "@v"))
	cache, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	others := filepath.Join(strings.TrimSpace(string(cache)), "cache", "download")
	env := []string{"GOPROXY=file://" + proxy + ",file://" + others, "GOSUMDB=off", "GOFLAGS=-modcacherw", "GOMODCACHE=" + t.TempDir()}
	dir := consumer(t, "")
	goCommand(t, dir, env, "get", module+"/aliyun@"+version, module+"/wecom@"+version)
	goCommand(t, dir, env, "build", "-o", filepath.Join(dir, "program"), ".")
	require.FileExists(t, filepath.Join(dir, "program"))
}

// consumer writes the minimal program into a module of its own.
func consumer(t *testing.T, more string) string {
	t.Helper()
	dir := t.TempDir()
	source, err := os.ReadFile(filepath.Join(root, "examples/minimal/main.go"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), source, 0o600))
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module company\n\ngo 1.26.0\n\n"+more+"\n"), 0o600))
	return dir
}

// publish writes what a proxy has of one version: a list, go.mod, and a zip of
// the root module's files. Folders with a go.mod of their own are not part of it.
func publish(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o700))
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	for name, text := range map[string]string{
		"list": version + "\n", version + ".info": `{"Version":"` + version + `"}`, version + ".mod": string(mod),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	file, err := os.Create(filepath.Join(dir, version+".zip"))
	require.NoError(t, err)
	archive := zip.NewWriter(file)
	require.NoError(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path, err := filepath.Rel(root, name)
		require.NoError(t, err)
		if d.IsDir() {
			if path == ".git" || path == "examples" || path == "tools" {
				return fs.SkipDir
			}
			return nil
		}
		if path == ".git" || !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		entry, err := archive.Create(module + "@" + version + "/" + filepath.ToSlash(path))
		require.NoError(t, err)
		_, err = entry.Write(text)
		return err
	}))
	require.NoError(t, archive.Close())
	require.NoError(t, file.Close())
}

func goCommand(t *testing.T, dir string, env []string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOWORK=off", "GOFLAGS="), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "go %v: %s", args, out)
}

// shell runs a block of a document and returns what it prints.
func shell(t *testing.T, dir, text string, env ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-eu")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(text)
	cmd.Env = append(append(os.Environ(), "GOWORK=off", "GOFLAGS="), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", text, out)
	return string(out)
}
