package nextcrm

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAppendStamp_MakesUTCOfPostgresTimes(t *testing.T) {
	for in, want := range map[string]string{
		"2024-02-29 13:45:00":        "2024-02-29T13:45:00Z",
		"2024-02-29 13:45:00.5":      "2024-02-29T13:45:00.500Z",
		"2024-02-29 13:45:00.25":     "2024-02-29T13:45:00.250Z",
		"2024-02-29 13:45:00.123":    "2024-02-29T13:45:00.123Z",
		"2024-02-29 13:45:00.123456": "2024-02-29T13:45:00.123456Z",
		"2024-02-29 13:45:00+00":     "2024-02-29T13:45:00Z",
		"2024-02-29 13:45:00.5+00":   "2024-02-29T13:45:00.500Z",
		"2024-02-29 13:45:00+02":     "2024-02-29 13:45:00+02",
		"infinity":                   "infinity",
		"-infinity":                  "-infinity",
		"0044-03-15 12:00:00 BC":     "0044-03-15 12:00:00 BC",
		"12024-02-29 13:45:00":       "12024-02-29 13:45:00",
		"0001-01-01 00:00:00":        "0001-01-01T00:00:00Z",
		"":                           "",
		"2024-02-29 13:45:00.":       "2024-02-29 13:45:00.",
	} {
		if got := string(appendStamp(nil, []byte(in))); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestUnescapeCopy_UndoesEveryEscape(t *testing.T) {
	for in, want := range map[string]string{
		`plain`: "plain", `a\nb\r\t\b\f\vc`: "a\nb\r\t\b\f\vc", `\\N`: `\N`, `\\\\`: `\\`, `c:\\temp\\new`: `c:\temp\new`, `Č\n🍵`: "Č\n🍵", ``: "",
	} {
		if got := string(unescapeCopy([]byte(in))); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestAppendExtra_KeepsTheExactText(t *testing.T) {
	for _, c := range []struct {
		render   rendering
		in, want string
	}{
		{asNumber, "12.50", "12.50"}, {asNumber, "-0.10", "-0.10"}, {asNumber, "1e+25", "1e+25"}, {asNumber, "9223372036854775807", "9223372036854775807"},
		{asNumber, "NaN", `"NaN"`}, {asNumber, "-Infinity", `"-Infinity"`}, {asNumber, "$1,000.00", `"$1,000.00"`}, {asNumber, "1,5", `"1,5"`},
		{asText, "12", `"12"`}, {asText, "a\"b\\c\nd\x01é🍵", `"a\"b\\c\nd\u0001é🍵"`}, {asJSON, `{"a": 1}`, `{"a": 1}`}, {asBool, "true", "true"},
		{asText, "\xff", "\"\ufffd\""},
	} {
		got := string(appendExtra(nil, c.render, []byte(c.in)))
		if got != c.want || !json.Valid([]byte(got)) {
			t.Errorf("%q: got %s, want %s", c.in, got, c.want)
		}
	}
}

func FuzzAppendJSONString_IsReadBackAsItWas(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\x1f\"\\\u2028🍵")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		var got string
		if err := json.Unmarshal(appendJSONString(nil, []byte(text)), &got); err != nil || got != text {
			t.Errorf("got %q (%v), want %q", got, err, text)
		}
	})
}

func decoderFor(columns int, yield func(*Row) error) *rowDecoder {
	plan := &tablePlan{object: Object{"x", make([]string, columns)}, table: "t"}
	for i := range columns {
		plan.targets = append(plan.targets, copyTarget{slot: i})
	}
	return newRowDecoder(plan, yield)
}

func TestRowDecoder_TellsNullFromEmptyAndFromTheWord(t *testing.T) {
	var got []string
	d := decoderFor(3, func(r *Row) error {
		for _, v := range r.Values {
			if v == nil {
				got = append(got, "NULL")
			} else {
				got = append(got, "<"+string(v)+">")
			}
		}
		return nil
	})
	for _, line := range []string{"\\N\t\t\\\\N\n", "a\t\\N\tb\n"} {
		if _, err := d.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if text := strings.Join(got, " "); text != `NULL <> <\N> <a> NULL <b>` {
		t.Errorf("got %s", text)
	}
}

func TestRowDecoder_RefusesRaggedRows(t *testing.T) {
	for _, line := range []string{"a\tb\n", "a\tb\tc\td\n", "a\tb\tc", ""} {
		d := decoderFor(3, func(*Row) error { return errors.New("yielded") })
		if _, err := d.Write([]byte(line)); err == nil || err.Error() == "yielded" {
			t.Errorf("%q: got %v, want a refusal", line, err)
		}
	}
}

func TestIsSecretName_KnowsSecretsByTheirWords(t *testing.T) {
	for name, want := range map[string]bool{
		"password": true, "portal_password": true, "passwordHash": true, "old_passwd": true, "Passwort": true, "apiKey": true, "API_KEY": true, "apikey": true,
		"refreshTokenEncrypted": true, "access_token": true, "accesstoken": true, "client_secret": true, "private_key": true, "calendly_signing_key": true,
		"calendly_api_token": true, "unsubscribe_token": true, "serviceKey": true, "smtp_pass": true, "SSHKey": true, "jwt": true, "pw": true,
		"key": false, "secretary_name": false, "shipping_city": false, "keyword": false, "monkey": false, "compass": false, "default_currency": false,
		"object_key": false, "passport_number": false, "basalt_roof": false, "tokenize": false, "pin_code": false, "cookie_consent": false,
	} {
		if got := isSecretName(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestHumanize_MakesLabels(t *testing.T) {
	for name, want := range map[string]string{"date_of_loss": "Date of loss", "preferredLanguage": "Preferred language", "URLPath2": "Url path2", "__": "__", "číslo_smlouvy": "Číslo smlouvy"} {
		if got := humanize(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
