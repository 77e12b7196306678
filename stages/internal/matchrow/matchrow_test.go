package matchrow

import (
	"database/sql"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/internal/match"
)

func rowOf(values map[string]string) Row {
	r := Row{Columns: map[string]int{}}
	for c, v := range values {
		r.Columns[c] = len(r.Values)
		r.Values = append(r.Values, sql.NullString{String: v, Valid: true})
	}
	return r
}

func TestAContactIsComparedByAllItsAddressesAndNumbers(t *testing.T) {
	got, err := Contact(rowOf(map[string]string{"contact_key": "contact:1", "name": "Ann Smith", "name_origin": "name", "first_name": "Ann", "last_name": "Smith",
		"email": "ann+x@a.example", "mailbox_key": "ann@a.example", "phone_e164": "+491", "account_key": "account:1", "birthday": "1980-01-02",
		"emails": `[{"value":"ann+x@a.example"},{"value":"ann+y@b.example"}]`, "phones": `[{"value":"1","e164":"+491"},{"value":"bad"},{"value":"2","e164":"+492"}]`}), match.Plugin)
	if err != nil {
		t.Fatal(err)
	}
	want := match.Contact{Key: "contact:1", First: "Ann", Last: "Smith", Full: "Ann Smith", Emails: []string{"ann+x@a.example", "ann+y@b.example"},
		EmailKeys: []string{"ann@a.example", "ann@b.example"}, Phones: []string{"+491", "+492"}, AccountKey: "account:1", Birthday: "1980-01-02", Edition: match.Plugin}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("contact (-want +got):\n%s", diff)
	}
}

func TestAStandInForANameIsNoEvidence(t *testing.T) {
	got, err := Contact(rowOf(map[string]string{"name": "info@a.example", "name_origin": "email"}), "")
	if err != nil || got.Full != "" {
		t.Errorf("full name = %q, error %v; want none", got.Full, err)
	}
}

func TestADamagedListNamesItsRecord(t *testing.T) {
	_, err := Contact(rowOf(map[string]string{"contact_key": "contact:1", "emails": `[{"value":1},{"value"`}), "")
	if err == nil || err.Error() != "contact:1: column emails: unexpected end of JSON input" {
		t.Errorf("error = %v", err)
	}
}

func TestNumbersOfRegistersAreComparedByTheirKey(t *testing.T) {
	got := Account(rowOf(map[string]string{"account_key": "account:1", "name": "Acme", "name_strict": "acme", "name_loose": "acme",
		"registration_number": "hrb 12-34", "vat": "USt-IdNr. DE 123456789", "phone_e164": "+491"}))
	if got.VAT != "DE123456789" || got.RegNo != "HRB1234" || len(got.Phones) != 1 {
		t.Errorf("account = %+v", got)
	}
}
