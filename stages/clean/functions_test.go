package clean

import (
	"database/sql/driver"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// call runs one SQL function as SQLite would.
func call(t *testing.T, name string, args ...driver.Value) driver.Value {
	t.Helper()
	for _, f := range functions() {
		if f.name == name {
			return f.call(args)
		}
	}
	t.Fatalf("no function %s", name)
	return nil
}

func TestRegisterFunctionsCanBeCalledTwice(t *testing.T) {
	for range 2 {
		if err := RegisterFunctions(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFunctionsReadSingleCells(t *testing.T) {
	for _, c := range []struct {
		name string
		args []driver.Value
		want driver.Value
	}{
		{"np_id", []driver.Value{"1,057"}, "1057"},
		{"np_id", []driver.Value{" 42 "}, "42"},
		{"np_id", []driver.Value{"A-17,b"}, "A-17,b"},
		{"np_id", []driver.Value{"N/A"}, nil},
		{"np_id", []driver.Value{"n/a"}, nil},
		{"np_id", []driver.Value{nil}, nil},
		{"np_name", []driver.Value{"Anna\nMaria"}, "Anna Maria"},
		{"np_name", []driver.Value{"None"}, "None"},
		{"np_text", []driver.Value{"None"}, nil},
		{"np_html", []driver.Value{"<p>One</p><p>R&amp;D</p><script>x</script>"}, "One\nR&D"},
		{"np_html", []driver.Value{"a\vb"}, "ab"},
		{"np_bool", []driver.Value{"Ja"}, int64(1)},
		{"np_bool", []driver.Value{"off"}, int64(0)},
		{"np_bool", []driver.Value{"maybe"}, nil},
		{"np_consent", []driver.Value{"Opted-Out"}, "unsubscribed"},
		{"np_consent", []driver.Value{"Customer"}, nil},
		{"np_strictest", []driver.Value{"subscribed", nil, "unsubscribed bounced"}, "bounced"},
		{"np_strictest", []driver.Value{"pending", "transactional"}, "transactional"},
		{"np_strictest", []driver.Value{"subscribed", nil}, "subscribed"},
		{"np_strictest", []driver.Value{nil, nil}, nil},
		{"np_outcome", []driver.Value{"Gewonnen"}, "won"},
		{"np_outcome", []driver.Value{"CLOSED"}, nil},
		{"np_line", []driver.Value{"Weg 1", nil, " Hof\n2 "}, "Weg 1, Hof 2"},
		{"np_locale_currency", []driver.Value{"de_CH.UTF-8"}, "CHF"},
		{"np_locale_currency", []driver.Value{"en"}, nil},
		{"np_locale_country", []driver.Value{"pt-BR"}, "BR"},
		{"np_zone", []driver.Value{"Europe/Berlin"}, "Europe/Berlin"},
		{"np_zone", []driver.Value{"UTC+2"}, "Etc/GMT-2"},
		{"np_zone", []driver.Value{"-05:00"}, "Etc/GMT+5"},
		{"np_zone", []driver.Value{"Mars/Olympus"}, nil},
		{"np_zone", []driver.Value{"Local"}, nil},
		{"np_currency", []driver.Value{"eur"}, "EUR"},
		{"np_currency", []driver.Value{"€"}, "EUR"},
		{"np_currency", []driver.Value{"$"}, nil},
		{"np_percent", []driver.Value{"45,5 %"}, int64(46)},
		{"np_percent", []driver.Value{"20%"}, int64(20)},
		{"np_percent", []driver.Value{"120"}, nil},
		{"np_money", []driver.Value{"1.234,50", "."}, "1234.50"},
		{"np_money", []driver.Value{"12,500", nil}, nil},
		{"np_money_currency", []driver.Value{"US$ 5"}, "USD"},
		{"np_money_currency", []driver.Value{"kr 5"}, nil},
		{"np_stamp", []driver.Value{"2024-03-31 02:30:00", "Europe/Berlin", nil}, "2024-03-31T01:30:00Z"},
		{"np_stamp_reason", []driver.Value{"2024-03-31 02:30:00", nil, nil}, "zone_unknown"},
		{"np_email", []driver.Value{"x; A@B.example", "c@d.example"}, "a@b.example"},
		{"np_email", []driver.Value{"x", "C@d.example"}, "c@d.example"},
		{"np_bad_emails", []driver.Value{"x; a@b.example", "y"}, `["x","y"]`},
		{"np_mailbox", []driver.Value{"ann+news@b.example"}, "ann@b.example"},
		{"np_mailbox", []driver.Value{"a.nn@gmail.com"}, "ann@gmail.com"},
		{"np_emails", []driver.Value{"a@b.example, a@b.example", "c@d.example"},
			`[{"value":"a@b.example","label":"work","primary":true},{"value":"c@d.example","label":"home","primary":false}]`},
		{"np_titles", []driver.Value{" vip ,Trade show, Berlin,, VIP", `["VIP","Trade show, Berlin"]`, ","}, `["VIP","Trade show, Berlin"]`},
		{"np_titles", []driver.Value{nil, "[]", ","}, "[]"},
		{"np_union", []driver.Value{`["A"]`, nil, `["a","B"]`}, `["A","B"]`},
		{"np_notes", []driver.Value{`["one","<b>two</b>"]`}, `["one","two"]`},
		{"np_notes", []driver.Value{`[{"content":"kept"}, {"odd":1}]`}, `["kept","{\"odd\":1}"]`},
		{"np_notes", []driver.Value{"plain"}, `["plain"]`},
		{"np_extra", []driver.Value{`{"a":"1"}`, "b", "2", "a", "9", "c", nil}, `{"a":"1","b":"2"}`},
		{"np_extra", []driver.Value{nil, "b", "2"}, `{"b":"2"}`},
		{"np_extra", []driver.Value{nil, "b", nil}, nil},
		{"np_flaw", []driver.Value{nil, "f", "v"}, nil},
		{"np_flaw", []driver.Value{"rule", "f", "a\"b"}, `["rule","f","a\"b"]`},
		{"np_undeclared", []driver.Value{`["A","x"]`, `["a"]`}, "x"},
		{"np_undeclared", []driver.Value{"A", `["a"]`}, nil},
	} {
		if got := call(t, c.name, c.args...); got != c.want {
			t.Errorf("%s(%q): got %v, want %v", c.name, c.args, got, c.want)
		}
	}
}

func TestCustomValuesAreReadByTheirTypes(t *testing.T) {
	set := `{"fields":[{"slug":"n","type":"number","mark":","},{"slug":"m","type":"money","mark":"."},{"slug":"d","type":"date","order":"dmy"},
		{"slug":"o","type":"options","options":["Data, Privacy","CRM"]},{"slug":"b","type":"boolean"},{"slug":"j","type":"json"},{"slug":"one","type":"option"}],
		"users":{},"separator":",","currency":"EUR"}`
	for in, want := range map[string]string{
		`{"n":"1.250,5"}`:                  `{"n":"1250.5"}`,
		`{"n":"N/A","m":null,"d":""}`:      `{}`,
		`{"m":"€ 5"}`:                      `{"m":"5"}`,
		`{"m":"£ 5"}`:                      `{"m":"5","m (currency)":"GBP"}`,
		`{"d":"03/04/2024"}`:               `{"d":"2024-04-03"}`,
		`{"d":"0000-00-00"}`:               `{}`,
		`{"d":"soon"}`:                     `{"d (raw)":"soon"}`,
		`{"o":"CRM, Data, Privacy, crm"}`:  `{"o":["CRM","Data, Privacy"]}`,
		`{"o":"CRM||New"}`:                 `{"o":["CRM","New"]}`,
		`{"one":"A, B"}`:                   `{"one":"A, B"}`,
		`{"b":false}`:                      `{"b":false}`,
		`{"b":"perhaps"}`:                  `{"b (raw)":"perhaps"}`,
		`{"j":{"a":[1,"]"]}}`:              `{"j":"{\"a\":[1,\"]\"]}"}`,
		`{"free":"say \"hi\"\\n\n\u00e9"}`: `{"free":"say \"hi\"\\n\né"}`,
		`{"free":"'+49 30"}`:               `{"free":"+49 30"}`,
		`{"overflow":["stray",""]}`:        `{"overflow":"stray"}`,
	} {
		if diff := cmp.Diff(want, call(t, "np_custom", in, set)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
	if err, failed := call(t, "np_custom", "{}", "no JSON").(error); !failed || err == nil {
		t.Error("a field set that is no JSON must fail the query")
	}
}

func TestEachPairReadsWhatItCanAndReportsTheRest(t *testing.T) {
	var got []string
	sound := eachPair(`{ "a" : "x\"y" , "b":[1,{"c":"]"}], "d":-1.5e3,"e":null }`, func(key, raw string) { got = append(got, key+"="+raw) })
	want := []string{`a="x\"y"`, `b=[1,{"c":"]"}]`, `d=-1.5e3`, `e=null`}
	if diff := cmp.Diff(want, got); diff != "" || !sound {
		t.Errorf("sound %v (-want +got):\n%s", sound, diff)
	}
	for _, broken := range []string{`[1]`, `{"a"`, `{"a":`, `{a:1}`, `{"a":1`} {
		if eachPair(broken, func(string, string) {}) {
			t.Errorf("%s was taken for an object", broken)
		}
	}
}

func TestDeclaredTypesSayHowValuesAreRead(t *testing.T) {
	for declared, want := range map[string]string{"select-one": "option", "checkbox": "boolean", "price": "money", "date_time": "stamp", "odd": "text",
		"pg:numeric(12,2)": "number", "pg:timestamp(3) without time zone": "stamp", "pg:time without time zone": "time", "pg:text[]": "options",
		"pg:uuid->Users": "user", "pg:uuid->crm_Properties": "text", "pg:jsonb": "json", "pg:enum": "option", "pg:double precision": "number"} {
		if got := valueType(declared, 0); got != want {
			t.Errorf("%s: got %s, want %s", declared, got, want)
		}
	}
	if got := valueType("checkbox", 3); got != "options" {
		t.Errorf("a check box with options: got %s", got)
	}
}
