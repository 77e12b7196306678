package mapped

import (
	"context"
	"database/sql"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

func TestMembersReadTheSameInTheDriverAndTheShell(t *testing.T) {
	cases := []struct{ name, slug, valueType, custom, want string }{
		{"a plain text", "plan", "text", `{"plan":"Free"}`, "Free"},
		{"a money value keeps its zeros", "b", "money", `{"b":1250.50}`, "1250.50"},
		{"so does one written as a text", "b", "money", `{"b":"1250.50"}`, "1250.50"},
		{"a number of 20 digits stays exact", "n", "number", `{"n":12345678901234567890}`, "12345678901234567890"},
		{"true is Yes", "ok", "boolean", `{"ok":true}`, "Yes"},
		{"options are joined", "i", "options", `{"i":["CRM","Data, Privacy"]}`, "CRM, Data, Privacy"},
		{"a lone option is one too", "i", "options", `{"i":"CRM"}`, "CRM"},
		{"JSON null is no value", "n", "number", `{"n":null}`, ""},
		{"a missing key is no value", "n", "text", `{}`, ""},
		{"a dot does not descend", "a.b", "text", `{"a":{"b":"no"},"a.b":"yes"}`, "yes"},
		{"a dollar is no path", "$.x[0]", "text", `{"$.x[0]":"yes"}`, "yes"},
		{"quotes and semicolons are harmless", `x"; DROP TABLE t; --'`, "text", `{"x\"; DROP TABLE t; --'":"yes"}`, "yes"},
		{"a backslash", `a\b`, "text", `{"a\\b":"yes"}`, "yes"},
		{"an ampersand escaped by its writer", "R&D", "number", `{"R\u0026D":7}`, "7"},
		{"other letters escaped by their writer", "größe", "text", `{"gr\u00f6\u00dfe":"yes"}`, "yes"},
	}
	path := filepath.Join(t.TempDir(), "t.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			query := "SELECT " + Custom(tc.slug, tc.valueType).Text + " FROM (SELECT " + Literal(tc.custom) + " AS custom) AS c"
			var got sql.NullString
			if err := db.QueryRowContext(context.Background(), query).Scan(&got); err != nil {
				t.Fatalf("%v\n%s", err, query)
			}
			shell, err := exec.Command("sqlite3", path, query).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, shell)
			}
			if got.String != tc.want || strings.TrimSuffix(string(shell), "\n") != tc.want {
				t.Errorf("driver %q, shell %q, want %q\n%s", got.String, shell, tc.want, query)
			}
		})
	}
}

func TestLiteralsSurviveAnyText(t *testing.T) {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "t.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, want := range []string{"", "it's", `"x"`, "a;b--", "nul\x00byte", "line\nbreak", "日本語"} {
		var got string
		if err := db.QueryRow("SELECT " + Literal(want)).Scan(&got); err != nil || got != want {
			t.Errorf("literal of %q reads %q, %v", want, got, err)
		}
		if err := db.QueryRow("SELECT " + Literal(JSONString(want)) + " ->> '$'").Scan(&got); err != nil || got != want {
			t.Errorf("JSON string of %q reads %q, %v", want, got, err)
		}
	}
}

func TestMoneyBringsItsOwnCurrency(t *testing.T) {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "t.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var amount, currency string
	v := Custom("budget", "money")
	err = db.QueryRow("SELECT "+v.Text+", "+v.Currency+` FROM (SELECT '{"budget":"7.10","budget (currency)":"USD"}' AS custom) AS c`).
		Scan(&amount, &currency)
	if err != nil || amount != "7.10" || currency != "USD" {
		t.Errorf("got %s %s, %v; want 7.10 USD", amount, currency, err)
	}
}
