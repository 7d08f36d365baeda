// Reads a Terraform module as its own language does (the HCL library) and prints, as JSON, what it says for the variables
// given on stdin: variables, refusals of their validations, resources, data and outputs. What only a provider would know
// (an ARN) stands as its own address. A module it cannot read ends it with the reason and code 1.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

type variable struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Required    bool   `json:"required"`
	Validations int    `json:"validations"`
}

type block struct {
	Type   string         `json:"type"`
	Labels []string       `json:"labels"`
	Body   map[string]any `json:"body"`
}

type module struct {
	Files     []string            `json:"files"`
	Variables []variable          `json:"variables"`
	Refusals  map[string][]string `json:"refusals"`
	Blocks    []block             `json:"blocks"`
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: terraform FOLDER < variables.json"))
	}
	given := map[string]json.RawMessage{}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		fail(err)
	}
	read, err := read(os.Args[1], given)
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(read); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func read(folder string, given map[string]json.RawMessage) (*module, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.tf"))
	if err != nil {
		return nil, err
	}
	parser := hclparse.NewParser()
	found := &module{Files: []string{}, Variables: []variable{}, Refusals: map[string][]string{}, Blocks: []block{}}
	var all hclsyntax.Blocks
	for _, path := range paths {
		file, diagnostics := parser.ParseHCLFile(path)
		if diagnostics.HasErrors() {
			return nil, diagnostics
		}
		found.Files = append(found.Files, filepath.Base(path))
		all = append(all, file.Body.(*hclsyntax.Body).Blocks...)
	}
	context := &hcl.EvalContext{Functions: functions, Variables: map[string]cty.Value{}}
	addAddresses(context, all)
	if err := setVariables(context, all, given, found); err != nil {
		return nil, err
	}
	if err := setLocals(context, all); err != nil {
		return nil, err
	}
	for _, each := range all {
		switch each.Type {
		case "variable":
			if err := validate(context, each, found); err != nil {
				return nil, err
			}
		case "locals":
		default:
			body, err := asJSON(each.Body, context)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", each.DefRange(), err)
			}
			found.Blocks = append(found.Blocks, block{each.Type, each.Labels, body})
		}
	}
	return found, nil
}

// What is known after apply alone is named by its address.
func addAddresses(context *hcl.EvalContext, all hclsyntax.Blocks) {
	resources := map[string]map[string]cty.Value{}
	data := map[string]map[string]cty.Value{}
	modules := map[string]cty.Value{}
	for _, each := range all {
		switch each.Type {
		case "resource", "data":
			kinds, address := resources, each.Labels[0]+"."+each.Labels[1]
			if each.Type == "data" {
				kinds, address = data, "data."+address
			}
			if kinds[each.Labels[0]] == nil {
				kinds[each.Labels[0]] = map[string]cty.Value{}
			}
			known := map[string]cty.Value{}
			for _, name := range []string{"id", "arn", "json"} {
				known[name] = cty.StringVal(address + "." + name)
			}
			value := cty.ObjectVal(known)
			if each.Body.Attributes["for_each"] != nil {
				value = cty.MapVal(map[string]cty.Value{"each": value})
			}
			kinds[each.Labels[0]][each.Labels[1]] = value
		case "module":
			modules[each.Labels[0]] = cty.DynamicVal
		}
	}
	for name, values := range resources {
		context.Variables[name] = cty.ObjectVal(values)
	}
	kinds := map[string]cty.Value{}
	for name, values := range data {
		kinds[name] = cty.ObjectVal(values)
	}
	context.Variables["data"] = cty.ObjectVal(kinds)
	context.Variables["module"] = cty.ObjectVal(modules)
	context.Variables["each"] = cty.ObjectVal(map[string]cty.Value{"key": cty.StringVal("each.key"), "value": cty.StringVal("each.value")})
}

func setVariables(context *hcl.EvalContext, all hclsyntax.Blocks, given map[string]json.RawMessage, found *module) error {
	values := map[string]cty.Value{}
	for _, each := range all {
		if each.Type != "variable" {
			continue
		}
		name := each.Labels[0]
		told := variable{Name: name, Required: each.Body.Attributes["default"] == nil}
		if attribute := each.Body.Attributes["description"]; attribute != nil {
			value, diagnostics := attribute.Expr.Value(nil)
			if diagnostics.HasErrors() {
				return diagnostics
			}
			told.Description = value.AsString()
		}
		for _, inner := range each.Body.Blocks {
			if inner.Type == "validation" {
				told.Validations++
			}
		}
		found.Variables = append(found.Variables, told)
		if each.Body.Attributes["type"] == nil {
			return fmt.Errorf("variable %s has no type", name)
		}
		kind, diagnostics := typeexpr.TypeConstraint(each.Body.Attributes["type"].Expr)
		if diagnostics.HasErrors() {
			return diagnostics
		}
		value := cty.NullVal(kind)
		if raw, is := given[name]; is {
			implied, err := ctyjson.ImpliedType(raw)
			if err == nil {
				value, err = ctyjson.Unmarshal(raw, implied)
			}
			if err != nil {
				return err
			}
		} else if attribute := each.Body.Attributes["default"]; attribute != nil {
			if value, diagnostics = attribute.Expr.Value(nil); diagnostics.HasErrors() {
				return diagnostics
			}
		}
		converted, err := convert.Convert(value, kind)
		if err != nil {
			return fmt.Errorf("variable %s: %w", name, err)
		}
		values[name] = converted
	}
	for name := range given {
		if _, is := values[name]; !is {
			return fmt.Errorf("there is no variable %s", name)
		}
	}
	context.Variables["var"] = cty.ObjectVal(values)
	return nil
}

// In whatever order they lean on each other.
func setLocals(context *hcl.EvalContext, all hclsyntax.Blocks) error {
	waiting := map[string]hcl.Expression{}
	for _, each := range all {
		if each.Type != "locals" {
			continue
		}
		for name, attribute := range each.Body.Attributes {
			waiting[name] = attribute.Expr
		}
	}
	known := map[string]cty.Value{}
	context.Variables["local"] = cty.EmptyObjectVal
	for len(waiting) > 0 {
		var last hcl.Diagnostics
		before := len(waiting)
		for name, expression := range waiting {
			value, diagnostics := expression.Value(context)
			if diagnostics.HasErrors() {
				last = diagnostics
				continue
			}
			known[name] = value
			delete(waiting, name)
			context.Variables["local"] = cty.ObjectVal(known)
		}
		if len(waiting) == before {
			return last
		}
	}
	return nil
}

func validate(context *hcl.EvalContext, each *hclsyntax.Block, found *module) error {
	for _, inner := range each.Body.Blocks {
		if inner.Type != "validation" {
			continue
		}
		holds, diagnostics := inner.Body.Attributes["condition"].Expr.Value(context)
		if diagnostics.HasErrors() {
			return diagnostics
		}
		message, diagnostics := inner.Body.Attributes["error_message"].Expr.Value(context)
		if diagnostics.HasErrors() {
			return diagnostics
		}
		if holds.False() {
			found.Refusals[each.Labels[0]] = append(found.Refusals[each.Labels[0]], message.AsString())
		}
	}
	return nil
}
