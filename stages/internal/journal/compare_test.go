package journal

import (
	"testing"
)

func TestCompare_ByType(t *testing.T) {
	for _, c := range []struct {
		name, record, sent, field string // field "" means equal
	}{
		{"equal text", `{"name":"Ana"}`, `{"name":"Ana"}`, ""},
		{"another text", `{"name":"Ana"}`, `{"name":"ana"}`, "name"},
		{"a field that is not there", `{}`, `{"name":"Ana"}`, "name"},
		{"numbers are compared as numbers", `{"value":12.5}`, `{"value":12.50}`, ""},
		{"money is exact", `{"value":0.30000000000000004}`, `{"value":0.3}`, "value"},
		{"a number is not its text", `{"value":"12"}`, `{"value":12}`, "value"},
		{"an option of a lead is answered as text", `{"0454b68312207f0a3b584c62316492b49753b5d5":"12"}`, `{"0454b68312207f0a3b584c62316492b49753b5d5":12}`, ""},
		{"another option of a lead", `{"0454b68312207f0a3b584c62316492b49753b5d5":"13"}`, `{"0454b68312207f0a3b584c62316492b49753b5d5":12}`, "0454b68312207f0a3b584c62316492b49753b5d5"},
		{"instants in two notations", `{"won_time":"2024-01-01T10:00:00+00:00"}`, `{"won_time":"2024-01-01T10:00:00Z"}`, ""},
		{"another instant", `{"won_time":"2024-01-01T11:00:00Z"}`, `{"won_time":"2024-01-01T10:00:00Z"}`, "won_time"},
		{"a date is no instant", `{"d":"2024-01-02"}`, `{"d":"2024-01-01"}`, "d"},
		{"sets have no order", `{"label_ids":[2,1]}`, `{"label_ids":[1,2]}`, ""},
		{"sets are multisets", `{"label_ids":[1,1]}`, `{"label_ids":[1,2]}`, "label_ids"},
		{"a lost element", `{"label_ids":[1]}`, `{"label_ids":[1,2]}`, "label_ids"},
		{"an added label of an e-mail", `{"emails":[{"value":"a@b.c","primary":true,"label":"work","x":1}]}`, `{"emails":[{"value":"a@b.c","primary":true}]}`, ""},
		{"another primary", `{"emails":[{"value":"a@b.c","primary":false}]}`, `{"emails":[{"value":"a@b.c","primary":true}]}`, "emails"},
		{"address parts that were sent", `{"address":{"value":"x","locality":"Berlin"}}`, `{"address":{"value":"x"}}`, ""},
		{"another address", `{"address":{"value":"y"}}`, `{"address":{"value":"x"}}`, "address"},
		{"custom fields by code", `{"custom_fields":{"a":1,"b":2}}`, `{"custom_fields":{"b":3}}`, "custom_fields.b"},
		{"money of a custom field", `{"custom_fields":{"a":{"value":1.5,"currency":"EUR"}}}`, `{"custom_fields":{"a":{"value":1.50,"currency":"USD"}}}`, "custom_fields.a"},
		{"cleared and null", `{"custom_fields":{"a":null}}`, `{"custom_fields":{"a":null}}`, ""},
		{"not cleared", `{"custom_fields":{"a":"x"}}`, `{"custom_fields":{"a":null}}`, "custom_fields.a"},
		{"booleans", `{"done":true}`, `{"done":false}`, "done"},
	} {
		t.Run(c.name, func(t *testing.T) {
			diffs, err := Compare([]byte(c.record), []byte(c.sent))
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case c.field == "" && len(diffs) > 0:
				t.Errorf("Compare(%s, %s) = %v, want no difference", c.record, c.sent, diffs)
			case c.field != "" && (len(diffs) != 1 || diffs[0].Field != c.field):
				t.Errorf("Compare(%s, %s) = %v, want one difference in %s", c.record, c.sent, diffs, c.field)
			}
		})
	}
}

func TestCompare_RefusesWhatIsNoRecord(t *testing.T) {
	if _, err := Compare([]byte(`[`), []byte(`{}`)); err == nil {
		t.Error("a broken record was compared")
	}
	if _, err := Compare([]byte(`{}`), []byte(`7`)); err == nil {
		t.Error("broken sent values were compared")
	}
}
