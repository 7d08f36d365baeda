// Reads the container files as the real tools do: compose-go is the loader of Docker Compose, the Dockerfile parser and
// the patterns of .dockerignore are BuildKit's. Prints JSON; a file they refuse ends it with their sentence and code 1.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: compose FOLDER [ENV-FILE] | dockerfile FOLDER | context FOLDER"))
	}
	folder := os.Args[2]
	var result any
	var err error
	switch os.Args[1] {
	case "compose":
		result, err = project(folder, os.Args[3:])
	case "dockerfile":
		result, err = dockerfile(filepath.Join(folder, "Dockerfile"))
	case "context":
		result, err = buildContext(folder)
	default:
		err = fmt.Errorf("unknown: %s", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// The options in the order in which `docker compose` gives them.
func project(folder string, envFiles []string) (any, error) {
	options, err := cli.NewProjectOptions(
		nil,
		cli.WithWorkingDirectory(folder),
		cli.WithOsEnv,
		cli.WithEnvFiles(envFiles...),
		cli.WithDotEnv,
		cli.WithConfigFileEnv,
		cli.WithDefaultConfigPath,
		cli.WithDefaultProfiles(),
		cli.WithResolvedPaths(true),
	)
	if err != nil {
		return nil, err
	}
	loaded, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, err
	}
	return loaded.WithoutUnnecessaryResources(), nil
}

type command struct {
	Name string `json:"name"`
	Text string `json:"text"`
	// Of COPY alone.
	From    string   `json:"from,omitempty"`
	Sources []string `json:"sources,omitempty"`
	To      string   `json:"to,omitempty"`
}

type stage struct {
	Name     string    `json:"name"`
	Base     string    `json:"base"`
	Commands []command `json:"commands"`
}

func dockerfile(path string) (any, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	parsed, err := parser.Parse(file)
	if err != nil {
		return nil, err
	}
	warnings := []string{}
	for _, warning := range parsed.Warnings {
		warnings = append(warnings, warning.Short)
	}
	lint := linter.New(&linter.Config{
		Warn: func(rule, _, _, message string, location []parser.Range) {
			warnings = append(warnings, fmt.Sprintf("%s: %s", rule, message))
		},
	})
	stages, _, err := instructions.Parse(parsed.AST, lint)
	if err != nil {
		return nil, err
	}
	result := []stage{}
	for _, each := range stages {
		commands := []command{}
		for _, one := range each.Commands {
			shown := command{Name: one.Name(), Text: fmt.Sprint(one)}
			if copied, ok := one.(*instructions.CopyCommand); ok {
				shown.From, shown.Sources, shown.To = copied.From, copied.SourcePaths, copied.DestPath
			}
			commands = append(commands, shown)
		}
		result = append(result, stage{each.Name, each.BaseName, commands})
	}
	return map[string]any{"stages": result, "warnings": warnings}, nil
}

// Paths of the files that a build is sent, relative to the folder.
func buildContext(folder string) (any, error) {
	ignore, err := os.Open(filepath.Join(folder, ".dockerignore"))
	if err != nil {
		return nil, err
	}
	defer ignore.Close()
	patterns, err := ignorefile.ReadAll(ignore)
	if err != nil {
		return nil, err
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, err
	}
	sent := []string{}
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil || name == "." {
			return err
		}
		ignored, err := matcher.MatchesOrParentMatches(name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if ignored && !mayHoldMore(matcher, name) {
				return filepath.SkipDir
			}
			return nil
		}
		if !ignored {
			sent = append(sent, filepath.ToSlash(name))
		}
		return nil
	})
	return sent, err
}

func mayHoldMore(matcher *patternmatcher.PatternMatcher, name string) bool {
	for _, pattern := range matcher.Patterns() {
		if pattern.Exclusion() && strings.HasPrefix(pattern.String(), name+string(filepath.Separator)) {
			return true
		}
	}
	return false
}
