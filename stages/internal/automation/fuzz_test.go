package automation

import (
	"io/fs"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
)

// Whatever stands in an export, reading and drawing it ends without a panic.
func FuzzAnyDocumentIsReadAndDrawn(f *testing.F) {
	raw, err := fs.ReadFile(nextcrmsample.PluginExport(), "automations.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw[1 : len(raw)-1])
	f.Add([]byte(`{"initial_step":"a","steps":{"a":{"slug":"jpcrm/condition/x","next_step_true":"a","next_step_false":"b"}}}`))
	f.Add([]byte(`{"steps":{"t":{"type":"trigger","next_steps":[{"id":"t"}]}}}`))
	f.Add([]byte(`{"steps":[{"ID":1,"data":{"step_type":"if_else","branch":"1-yes"}}]}`))
	f.Add([]byte(`{"sequences":[{"id":1,"parent_id":1,"settings":{"conditions":[[{"source":["a","b"],"operator":"="}]]}}]}`))
	f.Add([]byte(`{"sequences":[{"id":1,"parent_id":0},{"id":1,"parent_id":1},{"parent_id":0},{"parent_id":0}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := Read(raw)
		if err != nil {
			return
		}
		inv := Inventory{Automations: []Automation{a}, Plan: "Growth"}
		if _, err := inv.HTML(); err != nil {
			t.Error(err)
		}
		listed := 0
		main, loose, _ := a.tree()
		for _, nodes := range [][]node{main, loose} {
			listed += countNodes(nodes)
		}
		if listed != len(a.Steps) {
			t.Errorf("%d of %d steps are shown", listed, len(a.Steps))
		}
	})
}

func countNodes(nodes []node) (n int) {
	for _, at := range nodes {
		n++
		for _, b := range at.branches {
			n += countNodes(b.nodes)
		}
	}
	return n
}
