package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A listed is what go list says of one package.
type listed struct {
	ImportPath string
	Dir        string
	Export     string // file with the types that it exports
	GoFiles    []string
	Module     *struct {
		Path string
		Main bool
	}
}

// load returns the lines of every package that users may import, by its path
// below the module. The platform is fixed: the API must not differ by platform.
func load() (map[string][]string, error) {
	packages, err := list()
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for _, p := range packages {
		exports[p.ImportPath] = p.Export
	}
	fset := token.NewFileSet()
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
	api := map[string][]string{}
	for _, p := range packages {
		if p.Module == nil || !p.Module.Main || len(p.GoFiles) == 0 || strings.Contains(p.ImportPath+"/", "/internal/") {
			continue
		}
		lines, err := p.lines(fset, config)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.ImportPath, err)
		}
		api[strings.TrimPrefix(p.ImportPath, p.Module.Path+"/")] = lines
	}
	if len(api) == 0 {
		return nil, errors.New("no package here")
	}
	return api, nil
}

// list asks the go command for the packages here and all that they import.
func list() ([]listed, error) {
	cmd := exec.CommandContext(context.Background(), "go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Module", "./...")
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOOS=linux", "GOARCH=amd64")
	var problem strings.Builder
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, problem.String())
	}
	var packages []listed
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
}

// lines type-checks a package and describes what it exports.
func (p *listed) lines(fset *token.FileSet, config types.Config) ([]string, error) {
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	pkg, err := config.Check(p.ImportPath, fset, files, nil)
	if err != nil {
		return nil, err
	}
	d := describer{pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		if token.IsExported(name) {
			d.object(pkg.Scope().Lookup(name))
		}
	}
	slices.Sort(d.lines)
	return d.lines, nil
}
