package nextcrm

import (
	"archive/zip"
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStems_SayWhatAFileHolds(t *testing.T) {
	for stem, want := range map[string]string{
		"contact-2025-03-02_10-15-00":                     "contact",
		"exported-Contacts-02-03-2025_10-15-am":           "contact",
		"exported-Contacts-segment-4-02-03-2025_10-15-am": "contact",
		"MailPoet_export_x8sj2lqpoeyrtza":                 "contact",
		"CONTACTS (2)":                                    "contact",
		"contacts_part_2":                                 "contact",
		"subscribers":                                     "contact",
		"companies_2025-03-02_10:15":                      "account",
		"companies-20250302":                              "account",
		"organisations":                                   "account",
		"17-contact-notes-2025-03-02":                     "note",
		"4-company-notes-2025-03-02":                      "note",
		"contact_tags":                                    "contact_tag",
		"contact_lists":                                   "contact_list",
		"custom_fields":                                   "custom_field",
		"pipelines":                                       "stage",
		"activity-log":                                    "activity",
		"export":                                          "setting",
		"funnels":                                         "automation",
		"broadcasts":                                      "campaign",
		"manifest":                                        "",
		"my file":                                         "",
		"2025":                                            "",
	} {
		if got := kindOfStem(stem); got != want {
			t.Errorf("%s is %q, want %q", stem, got, want)
		}
	}
}

func TestDiscover_NamesSayNothingThenHeadingsDecide(t *testing.T) {
	src := open(t, folder(t, map[string]string{
		"a.csv": "ID,Email,First Name\n1,a@x.example,Anna\n",
		"b.csv": "ID,Name,Industry,Website\n1,Alpha,Software,alpha.example\n",
		"c.csv": "ID,Title,Pipeline,Stage,Value\n1,Deal,Sales,New,5\n",
		"d.csv": "email,tag\na@x.example,VIP\n",
		"e.csv": "slug,label,type\nshoe,Shoe size,number\n",
		"f.csv": "colour,taste\nred,sweet\n",
		"g.csv": "id,contact_email,subject,due_date\n1,a@x.example,Call,2024-01-01\n",
		"h.csv": "Reference,Status,Total,Contact Email\nI-1,paid,5,a@x.example\n",
		"i.csv": "id,file,object_type,object_key\n1,a.pdf,deal,7\n",
		"j.csv": "id,title,email_subject,scheduled_at\n1,Spring,Hello,2024-01-01\n",
	}), ExportOptions{})
	got := map[string]string{}
	for _, i := range src.Items() {
		got[i.Table] = i.Object + " " + i.Status
	}
	want := map[string]string{"a.csv": "contact extracted", "b.csv": "account extracted", "c.csv": "deal extracted",
		"d.csv": "contact_tag extracted", "e.csv": "custom_field extracted", "f.csv": " unknown", "g.csv": "activity extracted",
		"h.csv": "invoice extracted", "i.csv": "document extracted", "j.csv": "campaign extracted"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if src.Items()[5].Rows != 1 {
		t.Errorf("the unknown file has %d rows, want 1", src.Items()[5].Rows)
	}
}

func TestDiscover_FilesOfOneObjectFollowEachOther(t *testing.T) {
	src := open(t, folder(t, map[string]string{
		"contacts-1.csv":        "ID,Email,City\n1,a@x.example,Ulm\n2,b@x.example,Bonn\n",
		"contacts-2.TSV":        "Email\tID\tShoe\nb@x.example\t2\t42\nc@x.example\t3\t43\n",
		"more/Subscribers.txt":  "id|email\n4|d@x.example\n",
		"more/deep/hidden.csv":  "id,email\n5,e@x.example\n",
		"photo.png":             "\x89PNG",
		"documents/contact.csv": "this is an attachment",
	}), ExportOptions{})
	var got []string
	for _, r := range records(t, src, "contact") {
		got = append(got, r.Table+" "+r.ID+" "+r.Values["email"])
	}
	want := []string{"contacts-1.csv 1 a@x.example", "contacts-1.csv 2 b@x.example", "contacts-2.TSV 2 b@x.example",
		"contacts-2.TSV 3 c@x.example", "more/Subscribers.txt 4 d@x.example"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	status := map[string]string{}
	for _, i := range src.Items() {
		status[i.Table] = i.Status
	}
	for name, want := range map[string]string{"more/deep/": statusUnknown, "photo.png": statusUnknown, "documents/": statusExtracted} {
		if status[name] != want {
			t.Errorf("%s is %q, want %q", name, status[name], want)
		}
	}
}

func TestDiscover_ZipMembersAreFiles(t *testing.T) {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for name, text := range map[string]string{"contacts.csv": plain, "sub/tags.csv": "id,title\n1,VIP\n", "documents/a.txt": "x", "b.pdf": "%PDF"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	src := open(t, folder(t, map[string]string{"all.zip": packed.String()}), ExportOptions{})
	if got := records(t, src, "contact"); len(got) != 2 || got[0].Table != "all.zip/contacts.csv" {
		t.Errorf("contacts %v", got)
	}
	if got := records(t, src, "tag"); len(got) != 1 || got[0].Values["title"] != "VIP" {
		t.Errorf("tags %v", got)
	}
	if len(src.Items()) != 4 {
		t.Errorf("items %v, want all four members", src.Items())
	}
}

func TestDiscover_JsonIsToldByItsContent(t *testing.T) {
	src := open(t, folder(t, map[string]string{
		"contacts.csv":        plain,
		"welcome-12.json":     `{"type":"funnels","title":"Welcome","sequences":[]}`,
		"groundhogg.json":     `[{"ID":1,"steps":[{"data":{"step_type":"x"}}]},{"ID":2,"steps":[]}]`,
		"drip.json":           `[{"sequence":{"id":1},"emails":[]}]`,
		"rule.json":           `[{"object_type":"custom_segment","title":"x"}]`,
		"other.json":          "\ufeff" + `{"colour":"red"}`,
		"people.json":         `[{"email":"a@x.example"}]`,
		"broken.json":         `{"a":`,
		"nextcrm-export.json": `{"site_url":"https://shop.example"}`,
	}), ExportOptions{})
	got := map[string]string{}
	for _, i := range src.Items() {
		got[i.Table] = i.Status
	}
	want := map[string]string{"contacts.csv": statusExtracted, "welcome-12.json": statusExtracted, "groundhogg.json": statusExtracted,
		"drip.json": statusExtracted, "rule.json": statusExtracted, "other.json": statusUnknown, "people.json": statusLater, "broken.json": statusUnknown, "nextcrm-export.json": statusExtracted}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !hasNote(src, "json_records") {
		t.Errorf("contacts in JSON are not reported: %v", src.Notes())
	}
}

func TestOpen_WithoutContactsNamesFolderAndAcceptedNames(t *testing.T) {
	dir := folder(t, map[string]string{"tags.csv": "id,title\n1,VIP\n"})
	_, err := OpenExport(context.Background(), dir, ExportOptions{})
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "contacts.csv") {
		t.Errorf("error %v", err)
	}
	for _, wrong := range []string{dir + "/none", dir + "/tags.csv"} {
		if _, err := OpenExport(context.Background(), wrong, ExportOptions{}); err == nil {
			t.Errorf("%s was opened", wrong)
		}
	}
}

func TestIdentity_IsTheSiteWhereverTheFolderIs(t *testing.T) {
	of := func(settings, name string) string {
		files := map[string]string{"contacts.csv": plain}
		if settings != "" {
			files["export.json"] = settings
		}
		return open(t, folder(t, files), ExportOptions{SourceName: name}).Identity().Fingerprint
	}
	site := of(`{"site_url":"https://shop.example"}`, "")
	for _, same := range []string{`{"site_url":"http://Shop.example/"}`, `{"site_url":"https://shop.example","exported_at":"2026-01-01"}`} {
		if of(same, "any") != site {
			t.Errorf("%s is taken for another site", same)
		}
	}
	different := map[string]string{of(`{"site_url":"https://other.example"}`, ""): "", of("", ""): "", of("", "Acme"): "", site: ""}
	if len(different) != 4 {
		t.Errorf("%d fingerprints, want 4", len(different))
	}
	if of("", "Acme") != of(`{"locale":"de_DE"}`, "Acme") || len(site) != 64 {
		t.Error("the fingerprint is not that of the source's name")
	}
}

func TestIdentity_ZoneIsNeverGuessed(t *testing.T) {
	for _, c := range []struct{ settings, option, want, note string }{
		{`{"timezone":"Europe/Berlin"}`, "", "Europe/Berlin", ""},
		{`{"timezone":"Europe/Berlin"}`, "America/New_York", "America/New_York", ""},
		{`{"timezone":"+02:00"}`, "", "", "timezone_unknown"},
		{`{"timezone":null}`, "", "", ""},
		{`{}`, "Asia/Tokyo", "Asia/Tokyo", ""},
		{`{}`, "", "", ""},
	} {
		src := open(t, folder(t, map[string]string{"contacts.csv": plain, "export.json": c.settings}), ExportOptions{Timezone: c.option})
		if got := src.Identity().Timezone; got != c.want || c.note != "" && !hasNote(src, c.note) {
			t.Errorf("%+v: zone %q, notes %v", c, got, src.Notes())
		}
	}
	dir := folder(t, map[string]string{"contacts.csv": plain})
	for _, zone := range []string{"Local", "Berlin"} {
		if _, err := OpenExport(context.Background(), dir, ExportOptions{Timezone: zone}); err == nil {
			t.Errorf("zone %q was accepted", zone)
		}
	}
}

func TestSettings_ADamagedFileIsAnError(t *testing.T) {
	dir := folder(t, map[string]string{"contacts.csv": plain, "export.json": `{"timezone":"Europe/`})
	if _, err := OpenExport(context.Background(), dir, ExportOptions{}); err == nil || !strings.Contains(err.Error(), "export.json") {
		t.Errorf("error %v", err)
	}
}

func TestSettings_ListsNullsAndNumbersKeepTheirSpelling(t *testing.T) {
	src := open(t, folder(t, map[string]string{"contacts.csv": plain,
		"export.json": `{"n":1.50,"big":12345678901234567890,"list":["a",{"b":true}],"none":null,"empty":{}}`}), ExportOptions{})
	got := map[string]string{}
	for _, r := range records(t, src, "setting") {
		got[r.Values["key"]] = r.Values["value"]
	}
	want := map[string]string{"n": "1.50", "big": "12345678901234567890", "list.0": "a", "list.1.b": "true", "none": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExtra_IsJSONWhateverTheCellHolds(t *testing.T) {
	nasty := "a\"b\\c\nd\re\tf\x00g\x0bh\x7f\u2028👩‍💻</script>"
	all, _ := contacts(t, "ID,Email,\"Odd \"\"one\"\"\"\n1,a@x.example,\""+strings.ReplaceAll(nasty, `"`, `""`)+"\"\n")
	if got := all[0].Extra[`Odd "one"`]; got != nasty {
		t.Errorf("extra %q, want %q", got, nasty)
	}
}
