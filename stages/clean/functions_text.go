package clean

import (
	"database/sql/driver"
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"nextpipe/stages/internal/normal"
)

// textFunctions read words, texts, ids and places.
func textFunctions() []function {
	return []function{
		ofText("np_text", normal.Value),
		ofText("np_name", oneLine),
		ofText("np_fold", normal.Fold),
		ofText("np_id", sourceID),
		ofText("np_html", readable),
		ofText("np_country", normal.Country),
		ofText("np_domain", normal.OwnDomain),
		ofText("np_consent", consent),
		ofText("np_outcome", outcome),
		ofText("np_locale_country", localeCountry),
		ofText("np_locale_currency", localeCurrency),
		{"np_line", -1, joinLine},
		{"np_bool", 1, boolean},
	}
}

// oneLine reads a name: people called Null keep it, and no name has a line break.
func oneLine(cell string) string {
	s := normal.NameValue(cell)
	if strings.ContainsAny(s, "\n\t") {
		return strings.Join(strings.Fields(s), " ")
	}
	return s
}

// sourceID reads a record's id. Some exporters group the digits of ids by the
// site's locale, so "1,057" is 1057; ids of any other form stay as they are.
func sourceID(cell string) string {
	if plainID(cell) {
		return cell
	}
	s := normal.Value(cell)
	if strings.Trim(s, "0123456789,.' \u00a0\u202f") != "" {
		return s
	}
	if n, _ := normal.Integer(s); n != "" {
		return n
	}
	return s
}

func plainID(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '-') {
			return false
		}
	}
	return s != "" && s != "-" && !(len(s) == 3 && s == "n/a")
}

// readable gives the text of a description, whether it is markup or not.
func readable(cell string) string {
	s := normal.Guard(cell)
	if normal.IsNull(s) {
		return ""
	}
	return normal.HTMLText(s)
}

// joinLine joins what its arguments hold by ", ": parts of an address.
func joinLine(a arguments) driver.Value {
	var parts []string
	for i := range a {
		if s := normal.Value(a.text(i)); s != "" {
			parts = append(parts, strings.Join(strings.Fields(s), " "))
		}
	}
	return orNull(strings.Join(parts, ", "))
}

func boolean(a arguments) driver.Value {
	value, ok := normal.Bool(a.text(0))
	if !ok {
		return nil
	}
	if value {
		return int64(1)
	}
	return int64(0)
}

// consents maps the status words and numbers of the plugin and its peers.
var consents = map[string]string{
	"subscribed": "subscribed", "confirmed": "subscribed", "active": "subscribed", "inactive": "subscribed",
	"opted in": "subscribed", "opt in": "subscribed", "2": "subscribed", "4": "subscribed", "5": "subscribed",
	"pending": "pending", "unconfirmed": "pending", "1": "pending",
	"transactional": "transactional",
	"unsubscribed":  "unsubscribed", "opted out": "unsubscribed", "opt out": "unsubscribed",
	"3": "unsubscribed", "9": "unsubscribed",
	"bounced": "bounced", "6": "bounced",
	"complained": "complained", "spammed": "complained", "7": "complained", "8": "complained",
}

func consent(word string) string { return consents[statusWord(word)] }

var hyphens = strings.NewReplacer("-", " ", "_", " ")

// statusWord folds a status: case, hyphens and underscores do not count.
func statusWord(cell string) string {
	return strings.TrimSpace(hyphens.Replace(normal.Fold(normal.Guard(cell))))
}

// outcomes are the words by which exports call a deal decided. "closed" alone
// is not among them: in NextCRM it means either.
var outcomes = map[string]string{
	"won": "won", "closed won": "won", "accepted": "won", "paid": "won",
	"success": "won", "gewonnen": "won", "ganado": "won", "ganada": "won", "gagné": "won", "gagnée": "won", "vinto": "won",
	"vinta": "won", "vyhráno": "won", "vyhrané": "won", "wygrane": "won", "wygrana": "won", "ganho": "won", "виграно": "won",
	"lost": "lost", "closed lost": "lost", "abandoned": "lost",
	"declined": "lost", "rejected": "lost", "cancelled": "lost", "canceled": "lost", "verloren": "lost", "perdido": "lost",
	"perdida": "lost", "perdu": "lost", "perdue": "lost", "perso": "lost", "persa": "lost", "ztraceno": "lost",
	"prohráno": "lost", "stracone": "lost", "przegrane": "lost", "втрачено": "lost",
}

func outcome(word string) string { return outcomes[statusWord(word)] }

// region is the country of a locale such as de_DE or en-GB. A locale without
// one says nothing: "en" is not the United States.
func region(locale string) (language.Region, bool) {
	locale, _, _ = strings.Cut(normal.Value(locale), ".")
	tag, err := language.Parse(strings.ReplaceAll(locale, "_", "-"))
	if err != nil {
		return language.Region{}, false
	}
	r, confidence := tag.Region()
	return r, confidence == language.Exact && r.IsCountry()
}

func localeCountry(locale string) string {
	if r, ok := region(locale); ok {
		return r.String()
	}
	return ""
}

func localeCurrency(locale string) string {
	r, ok := region(locale)
	if !ok {
		return ""
	}
	if unit, ok := currency.FromRegion(r); ok {
		return unit.String()
	}
	return ""
}
