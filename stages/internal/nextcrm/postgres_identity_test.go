package nextcrm

import (
	"net/url"
	"strings"
	"testing"
)

func TestDatabase_FingerprintNamesTheInstallation(t *testing.T) {
	original := openSource(t, unchangedDatabase(t, "latest")).Identity()
	print := func(shape string, more ...string) string {
		return openSource(t, sampleDatabase(t, shape, more...)).Identity().Fingerprint
	}
	if print("latest", `INSERT INTO "crm_Accounts" ("id", "__v", "name") VALUES (gen_random_uuid(), 0, 'x');
		INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name") VALUES ('z', 'x', 'next version')`) != original.Fingerprint {
		t.Error("a copy with newer records and a newer schema counts as another company")
	}
	if print("0init") == original.Fingerprint {
		t.Error("another installation counts as the same company")
	}
	pushed := print("latest", `DROP TABLE "_prisma_migrations"`)
	if pushed == original.Fingerprint || pushed != print("latest", `TRUNCATE "_prisma_migrations"; DELETE FROM "Users" WHERE "email" LIKE 'intern@%'`) {
		t.Error("without migrations the oldest user should name the installation")
	}
}

func TestDatabase_EmptyInstallationHasAFingerprintToo(t *testing.T) {
	schema, _, _ := strings.Cut(mustSample(t, "latest"), "-- Rows that both shapes hold")
	source := openSource(t, server.NewDatabase(t, schema))
	if n := len(readObject(t, source, "contact")); n != 0 || len(source.Identity().Fingerprint) != 64 {
		t.Errorf("got %d contacts and fingerprint %q of an empty database", n, source.Identity().Fingerprint)
	}
}

func TestDatabase_IdentityHoldsNoPassword(t *testing.T) {
	text := unchangedDatabase(t, "latest")
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	got := openSource(t, text).Identity()
	want := Identity{Edition: OpenSource, Fingerprint: got.Fingerprint, Name: "postgres://nextcrm@" + u.Host + u.Path, Timezone: "UTC"}
	if got != want || len(got.Fingerprint) != 64 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDatabase_AcceptsPrismasURL(t *testing.T) {
	url := server.NewDatabase(t, `CREATE SCHEMA "Sales"; SET search_path TO "Sales";`+strings.ReplaceAll(mustSample(t, "latest"), "public.", "")) +
		"&schema=Sales&connection_limit=5&pgbouncer=true"
	source := openSource(t, url)
	if n := len(readObject(t, source, "contact")); n != 400 {
		t.Errorf("read %d contacts from the other schema, want 400", n)
	}
	if name := source.Identity().Name; !strings.HasSuffix(name, "?schema=Sales") {
		t.Errorf("the name %q does not tell the schema", name)
	}
}

func TestDatabase_WarnsOfAPasswordInTheURL(t *testing.T) {
	for text, want := range map[string]bool{
		"postgres://u:pw@host/db": true, "postgres://host/db?password=pw&x=1": true, "host=h password=pw": true, "host=h password = 'p w'": true,
		"postgres://u@host/db": false, "postgres://u:@host/db": false, "host=h user=u": false,
	} {
		if got := passwordOf(text) != ""; got != want {
			t.Errorf("%s: password seen is %v, want %v", text, got, want)
		}
	}
}
