package main

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Those of Terraform that our modules use.
var functions = map[string]function.Function{
	"can":        tryfunc.CanFunc,
	"concat":     stdlib.ConcatFunc,
	"contains":   stdlib.ContainsFunc,
	"flatten":    stdlib.FlattenFunc,
	"floor":      stdlib.FloorFunc,
	"keys":       stdlib.KeysFunc,
	"length":     stdlib.LengthFunc,
	"regex":      stdlib.RegexFunc,
	"trimsuffix": stdlib.TrimSuffixFunc,
	"values":     stdlib.ValuesFunc,
	"alltrue": function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			for _, value := range args[0].AsValueSlice() {
				if value.False() {
					return cty.False, nil
				}
			}
			return cty.True, nil
		},
	}),
}

// Attributes by name; nested blocks as a list by type, dynamic ones as many as they come to.
func asJSON(body *hclsyntax.Body, context *hcl.EvalContext) (map[string]any, error) {
	result := map[string]any{}
	for name, attribute := range body.Attributes {
		if name == "depends_on" {
			continue
		}
		value, diagnostics := attribute.Expr.Value(context)
		if diagnostics.HasErrors() {
			return nil, diagnostics
		}
		// Of another module.
		if !value.IsWhollyKnown() {
			continue
		}
		text, err := ctyjson.Marshal(value, value.Type())
		if err != nil {
			return nil, err
		}
		result[name] = json.RawMessage(text)
	}
	for _, each := range body.Blocks {
		bodies := []*hcl.EvalContext{context}
		kind, content := each.Type, each.Body
		if each.Type == "dynamic" {
			var err error
			kind = each.Labels[0]
			if bodies, err = iterations(each, context); err != nil {
				return nil, err
			}
			content = each.Body.Blocks[0].Body
		}
		for _, inner := range bodies {
			made, err := asJSON(content, inner)
			if err != nil {
				return nil, err
			}
			list, _ := result[kind].([]any)
			result[kind] = append(list, made)
		}
	}
	return result, nil
}

func iterations(dynamic *hclsyntax.Block, context *hcl.EvalContext) ([]*hcl.EvalContext, error) {
	if len(dynamic.Body.Blocks) != 1 || dynamic.Body.Blocks[0].Type != "content" {
		return nil, fmt.Errorf("%s: a dynamic block has one content block", dynamic.DefRange())
	}
	over, diagnostics := dynamic.Body.Attributes["for_each"].Expr.Value(context)
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	var contexts []*hcl.EvalContext
	for it := over.ElementIterator(); it.Next(); {
		key, value := it.Element()
		inner := context.NewChild()
		inner.Variables = map[string]cty.Value{
			dynamic.Labels[0]: cty.ObjectVal(map[string]cty.Value{"key": key, "value": value}),
		}
		contexts = append(contexts, inner)
	}
	return contexts, nil
}
