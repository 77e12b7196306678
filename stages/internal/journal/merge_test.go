package journal

import (
	"encoding/json"
	"testing"
)

func TestMerge_ThreeWays(t *testing.T) {
	for _, c := range []struct{ name, record, base, agreed, ours, send, held, conflicts string }{
		{"only the source", `{"name":"a"}`, `{"name":"a"}`, `{}`, `{"name":"b"}`, `{"name":"b"}`, `{}`, ``},
		{"both alike", `{"name":"b"}`, `{"name":"a"}`, `{}`, `{"name":"b"}`, `{}`, `{"name":"b"}`, ``},
		{"both differently", `{"name":"c"}`, `{"name":"a"}`, `{}`, `{"name":"b"}`, `{}`, `{}`, `name`},
		{"another field of people's", `{"name":"c","code":"x"}`, `{"name":"a","code":"x"}`, `{}`, `{"code":"y"}`, `{"code":"y"}`, `{}`, ``},
		{"a currency that people changed, an amount that NextCRM changed", `{"value":1,"currency":"USD"}`, `{"value":1,"currency":"EUR"}`, `{}`,
			`{"value":2,"currency":"EUR"}`, `{}`, `{}`, `value currency`},
		{"custom fields one by one", `{"custom_fields":{"a":9,"b":1}}`, `{"custom_fields":{"a":1,"b":1}}`, `{}`, `{"custom_fields":{"a":2,"b":2}}`,
			`{"custom_fields":{"b":2}}`, `{}`, `custom_fields.a`},
		{"what was blank and people filled", `{"code":"x"}`, `{"code":null}`, `{}`, `{"code":"y"}`, `{}`, `{}`, `code`},
		{"a set", `{"label_ids":[1,3]}`, `{"label_ids":[1,2]}`, `{"label_ids":[1,2]}`, `{"label_ids":[2,4]}`, `{"label_ids":[3,4]}`, `{}`, ``},
		{"a set that people emptied of what goes", `{"custom_fields":{"a":[1]}}`, `{"custom_fields":{"a":[1]}}`, `{"custom_fields":{"a":[1]}}`,
			`{"custom_fields":{"a":null}}`, `{"custom_fields":{"a":null}}`, `{}`, ``},
		{"a set whose earlier word is not known", `{"label_ids":[1,3]}`, `{"label_ids":[1]}`, `{}`, `{"label_ids":[2]}`, `{}`, `{}`, `label_ids`},
		{"a list of other things", `{"prices":[{"price":1},{"price":2}]}`, `{"prices":[{"price":1}]}`, `{"prices":[{"price":1}]}`, `{"prices":[{"price":3}]}`, `{}`, `{}`, `prices`},
		{"a primary that people chose", `{"emails":[{"value":"a","primary":false},{"value":"b","primary":true}]}`, `{}`,
			`{"emails":[{"value":"a","primary":true}]}`, `{"emails":[{"value":"c","primary":true}]}`,
			`{"emails":[{"primary":true,"value":"b"},{"primary":false,"value":"c"}]}`, `{}`, ``},
		{"a primary that NextCRM chose", `{"emails":[{"value":"a","primary":true},{"value":"b","primary":false}]}`, `{}`,
			`{"emails":[{"value":"a","primary":true},{"value":"b","primary":false}]}`, `{"emails":[{"value":"a","primary":false},{"value":"b","primary":true}]}`,
			`{"emails":[{"primary":false,"value":"a"},{"primary":true,"value":"b"}]}`, `{}`, ``},
		{"a telephone written otherwise", `{"phones":[{"value":"+49 (30) 1","primary":true,"label":"work"}]}`, `{}`,
			`{"phones":[{"value":"+49301","primary":true,"label":"work"}]}`, `{"phones":[{"value":"+49301","primary":true,"label":"mobile"}]}`,
			`{"phones":[{"label":"mobile","primary":true,"value":"+49 (30) 1"}]}`, `{}`, ``},
		{"an e-mail that NextCRM writes otherwise", `{"emails":[{"value":"a@x.example","primary":true,"label":"home"}]}`, `{}`,
			`{"emails":[{"value":"a@x.example","primary":true,"label":"work"}]}`, `{"emails":[{"value":"A@X.example","primary":true,"label":"work"}]}`,
			`{"emails":[{"label":"home","primary":true,"value":"A@X.example"}]}`, `{}`, ``},
		{"an address that NextCRM gave up and people labelled anew", `{"emails":[{"value":"a","primary":true,"label":"home"}]}`, `{}`,
			`{"emails":[{"value":"a","primary":true,"label":"work"}]}`, `{"emails":[]}`, `{}`, `{"emails":[{"label":"home","primary":true,"value":"a"}]}`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := Merge(Change{Record: []byte(c.record), Base: []byte(c.base), Agreed: []byte(c.agreed), Ours: []byte(c.ours)})
			if err != nil {
				t.Fatal(err)
			}
			conflicts := ""
			for _, d := range m.Conflicts {
				if conflicts != "" {
					conflicts += " "
				}
				conflicts += d.Field
			}
			if string(m.Send) != c.send || string(m.Held) != c.held || conflicts != c.conflicts {
				t.Errorf("sends %s, holds %s, in conflict %q; want %s, %s, %q", m.Send, m.Held, conflicts, c.send, c.held, c.conflicts)
			}
		})
	}
}

// Whatever three texts a field holds: it is sent when only NextCRM changed it,
// and never when people made something else of it.
func TestMerge_NeverOverwritesWhatPeopleChanged(t *testing.T) {
	words := []string{"a", "b", "c"}
	for _, base := range words {
		for _, theirs := range words {
			for _, ours := range words {
				say := func(v string) []byte { return []byte(`{"name":"` + v + `"}`) }
				m, err := Merge(Change{Record: say(theirs), Base: say(base), Agreed: say(base), Ours: say(ours)})
				if err != nil {
					t.Fatal(err)
				}
				var send map[string]any
				if err := json.Unmarshal(m.Send, &send); err != nil {
					t.Fatal(err)
				}
				_, sent := send["name"]
				if want := ours != theirs && theirs == base; sent != want {
					t.Errorf("base %s, theirs %s, ours %s: sent %t, want %t", base, theirs, ours, sent, want)
				}
				if want := ours != theirs && theirs != base; len(m.Conflicts) == 1 != want {
					t.Errorf("base %s, theirs %s, ours %s: %d conflicts, want %t", base, theirs, ours, len(m.Conflicts), want)
				}
			}
		}
	}
}
