package nextcrm

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFoldHeading_MakesSpellingsEqual(t *testing.T) {
	for _, c := range []struct{ spelled, want string }{
		{"\ufeffE-Mail", "e mail"},
		{"  Email_Address ", "email address"},
		{"STATE/Region:", "state region"},
		{"Stra\u00dfe", "strasse"},
		{"STRASSE", "strasse"},
		{"Cre\u0301e\u0301 a\u0300", "créé à"},
		{"Post\u00a0Code (Main Address)*", "post code main address"},
		{"", ""},
	} {
		if got := foldHeading(c.spelled); got != c.want {
			t.Errorf("%q folds to %q, want %q", c.spelled, got, c.want)
		}
	}
}

func TestHeadingsFile_IsReadWholeAndKnowsOnlyRealColumns(t *testing.T) {
	h, err := loadHeadings()
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range []string{"contact", "account", "deal", "stage", "tag", "list", "contact_tag", "contact_list", "custom_field", "user"} {
		if len(h.columns[object]) < 3 {
			t.Errorf("%s has %d headings", object, len(h.columns[object]))
		}
	}
	if h.add("contact", "shoe_size", "shoe size") || h.add("shoe", "email", "email") {
		t.Error("a line for a column that no object has was accepted")
	}
}

// The headings that each family of plugins writes, and where they must go.
func TestArrange_KnowsTheHeadingsOfThePeers(t *testing.T) {
	h, err := loadHeadings()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, object string
		heads, want  []string // want: column, "id" or "extra:key"
	}{
		{"NextCRM keys", "contact",
			[]string{"email_address", "first_name", "last_name", "photo", "rating", "mobile", "source", "date_of_birth", "gender", "address", "city", "state", "zip", "country"},
			[]string{"email", "first_name", "last_name", "photo_url", "rating", "mobile", "source", "birthday", "gender", "address_1", "city", "state", "postal_code", "country"}},
		{"FluentCRM labels", "contact",
			[]string{"Contact ID", "User ID", "Title", "First Name", "Email", "Timezone", "Address Line 1", "Postal Code", "Contact Type", "Status", "Companies", "Primary Company", "Last Activity", "Lists", "Tags"},
			[]string{"id", "wordpress_user_id", "prefix", "first_name", "email", "timezone", "address_1", "postal_code", "contact_type", "consent_status", "company_list", "company", "last_activity_at", "lists", "tags"}},
		{"MailPoet", "contact",
			[]string{"Email", "First name", "Last name", "Subscription time", "Confirmation time", "Subscription IP", "Global status", "List status", "List", "Shoe size"},
			[]string{"email", "first_name", "last_name", "created_at", "confirmed_at", "ip_address", "consent_status", "list_status", "lists", "extra:shoe_size"}},
		{"Groundhogg", "contact",
			[]string{"ID", "Email Address", "Mobile Phone Number", "Primary Phone Number", "Street Address 1", "Postal/Zip", "Opt-in Status", "Owner ID", "Date Created", "meta:shoe_size"},
			[]string{"id", "email", "mobile", "phone", "address_1", "postal_code", "consent_status", "owner_id", "created_at", "extra:shoe_size"}},
		{"Jetpack CRM", "contact",
			[]string{"ID", "Owner", "Owner Username", "Status", "Prefix", "Address Line 1", "City", "County", "Post Code", "Address Line 1 (Second Address)", "Home Telephone", "Work Telephone", "Mobile Telephone", "Email", "Created Date", "cf-shoe_size"},
			[]string{"id", "owner_id", "extra:Owner Username", "consent_status", "prefix", "address_1", "city", "state", "postal_code", "extra:Address Line 1 (Second Address)", "home_phone", "phone", "mobile", "email", "created_at", "extra:shoe_size"}},
		{"German", "contact",
			[]string{"Vorname", "NACHNAME", "E-Mail", "Telefon", "Firma", "Straße", "PLZ", "Ort", "Land", "Listen", "Schlagwörter", "Erstellt am"},
			[]string{"first_name", "last_name", "email", "phone", "company", "address_1", "postal_code", "city", "country", "lists", "tags", "created_at"}},
		{"French", "contact", []string{"Prénom", "Nom", "Courriel", "Téléphone", "Ville", "Étiquettes", "Cre\u0301e\u0301 a\u0300"},
			[]string{"first_name", "last_name", "email", "phone", "city", "tags", "created_at"}},
		{"Spanish", "contact", []string{"Nombre", "Apellidos", "Correo electrónico", "Teléfono", "Ciudad", "País"},
			[]string{"first_name", "last_name", "email", "phone", "city", "country"}},
		{"two telephones of different names", "contact", []string{"Telefon", "Work Telephone", "Phone"}, []string{"phone", "phone_2", "extra:Phone"}},
		{"a custom field with a core label", "contact", []string{"Rating", "Rating", "Shoe Size", "_custom_shoe_size"},
			[]string{"rating", "extra:own_rating", "extra:shoe_size", "extra:shoe_size (2)"}},
		{"a custom field with the label of a column that has a second", "contact", []string{"Phone", "Phone 2", "Handy", "Mobile"},
			[]string{"phone", "phone_2", "mobile", "extra:Mobile"}},
		{"two fields of one label", "contact", []string{"Telefoon", "Telefoon"}, []string{"phone", "extra:desk_phone"}},
		{"German companies", "account", []string{"Firma", "Branche", "Telefon", "Straße", "PLZ", "Ort", "Mitarbeiter", "Webseite"},
			[]string{"name", "industry", "phone", "billing_street", "billing_postal_code", "billing_city", "employees", "website"}},
		{"JP quotes", "deal", []string{"Quote Title", "Quote Value", "Quote Date", "Accepted Date"}, []string{"title", "value", "created_at", "won_at"}},
		{"deal aliases", "deal", []string{"Deal Number", "Deal Name", "Person Email", "Organisation", "Funnel", "Step", "State", "Amount", "Cur.", "Close Date"},
			[]string{"id", "title", "contact_email", "company", "pipeline", "stage", "status", "value", "currency", "expected_close_date"}},
		{"overflow is a reserved key", "contact", []string{"Email", "overflow"}, []string{"email", "extra:overflow (2)"}},
	} {
		o, _ := Lookup(c.object)
		l := h.arrange(o, c.heads, []customField{{"contact", "shoe_size", "Shoe Size"}, {"contacts", "own_rating", "Rating"}, {"deal", "owner_username", "Owner Username"}, {"", "desk_phone", "Telefoon"}})
		if diff := cmp.Diff(c.want, places(l)); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func places(l layout) (to []string) {
	for i, target := range l.targets {
		switch target {
		case toID:
			to = append(to, idColumn)
		case toExtra:
			to = append(to, "extra:"+l.keys[i])
		default:
			to = append(to, l.object.Columns[target])
		}
	}
	return to
}
