package match

import (
	"fmt"
	"slices"
	"strings"
)

// CompareAccounts decides about two accounts. The first rule of [Rules] that
// applies wins; links are tried in the order official number, web domain, name.
func CompareAccounts(a, b Account) Verdict {
	p, q := parseCompany(a), parseCompany(b)
	c := pairOfAccounts{a: a, b: b, p: p, q: q, names: likenCompanies(p, q)}
	if v, ok := c.byNumber(); ok {
		return v
	}
	if bothEqual(a.Domain, b.Domain) {
		return c.byDomain()
	}
	return c.byName()
}

// pairOfAccounts is one comparison under way.
type pairOfAccounts struct {
	a, b  Account
	p, q  company
	names Likened
}

// byNumber applies the rules of official numbers. A registration number counts
// within one country; a VAT number carries its country.
func (c pairOfAccounts) byNumber() (Verdict, bool) {
	number := ""
	switch {
	case bothEqual(c.a.VAT, c.b.VAT):
		number = "VAT " + c.a.VAT
	case bothEqual(c.a.RegNo, c.b.RegNo) && !c.otherCountry():
		number = "registration " + c.a.RegNo
	default:
		return Verdict{}, false
	}
	why := c.why("the number " + number)
	switch {
	case c.otherNumber():
		return verdict("account.same_number_other_number", why), true
	case c.names.Likeness >= Compatible && !c.otherCountry():
		return verdict("account.same_number", why), true
	case c.names.Reason != partOfGroup && !c.otherCountry() && shareWord(c.p, c.q):
		return verdict("account.same_number", why), true
	}
	return verdict("account.same_number_other_name", why), true
}

// byDomain applies the rules of a shared web domain.
func (c pairOfAccounts) byDomain() Verdict {
	why := c.why("the domain " + c.a.Domain)
	switch {
	case c.names.Likeness == Unknown:
		return verdict("account.same_domain_no_name", why)
	case c.names.Reason == partOfGroup:
		return verdict("account.same_domain_subsidiary", why)
	case c.names.Likeness == Different:
		return verdict("account.same_domain_other_name", why)
	case c.otherNumber():
		return verdict("account.same_domain_other_number", why)
	case c.otherForm():
		return verdict("account.same_domain_other_form", why)
	case c.otherCountry():
		return verdict("account.same_domain_other_country", why)
	}
	return verdict("account.same_domain_similar_name", why)
}

// byName applies what is left when neither number nor domain is shared.
func (c pairOfAccounts) byName() Verdict {
	switch c.names.Likeness {
	case Same:
		return c.sameName()
	case Compatible:
		return c.similarName()
	case Different:
		return verdict("account.other_name", c.why("no number or domain"))
	}
	return verdict("account.no_evidence", c.why("nothing"))
}

func (c pairOfAccounts) sameName() Verdict {
	phone := firstShared(c.a.Phones, c.b.Phones)
	why := c.why("the name")
	switch {
	case c.otherNumber():
		return verdict("account.same_name_other_number", why)
	case c.otherCountry():
		return verdict("account.same_name_other_country", why)
	case c.p.generic:
		return verdict("account.generic_name", why)
	case bothDiffer(c.a.Domain, c.b.Domain):
		return verdict("account.same_name_other_domain", why)
	case c.otherForm():
		return verdict("account.same_name_other_form", why)
	case phone == "" && bothDiffer(fold(c.a.City), fold(c.b.City)):
		return verdict("account.same_name_other_city", why)
	}
	return verdict("account.same_name", why)
}

func (c pairOfAccounts) similarName() Verdict {
	phone := firstShared(c.a.Phones, c.b.Phones)
	against := c.otherNumber() || c.otherCountry() || bothDiffer(c.a.Domain, c.b.Domain) || c.otherForm()
	switch {
	case against:
		return verdict("account.no_evidence", c.why("nothing but a similar name"))
	case phone != "":
		return verdict("account.similar_name_same_phone", c.why("the phone "+phone))
	case c.names.Reason != "acronym" && bothEqual(c.p.head(), c.q.head()):
		return verdict("account.similar_name", c.why("the start of the name"))
	}
	return verdict("account.no_evidence", c.why("nothing but a similar name"))
}

func (c pairOfAccounts) otherCountry() bool { return bothDiffer(c.a.Country, c.b.Country) }

func (c pairOfAccounts) otherNumber() bool {
	return bothDiffer(c.a.VAT, c.b.VAT) || bothDiffer(c.a.RegNo, c.b.RegNo)
}

func (c pairOfAccounts) otherForm() bool {
	return bothDiffer(legalForm(c.a.LegalForm), legalForm(c.b.LegalForm))
}

// why is the sentence for a person: what is shared, and how the names relate.
func (c pairOfAccounts) why(shared string) string {
	return fmt.Sprintf("%s is shared; names %q and %q: %s (%s)",
		shared, named(c.a), named(c.b), c.names.Likeness, c.names.Reason)
}

func named(a Account) string {
	if a.Name != "" {
		return a.Name
	}
	return a.StrictKey
}

func fold(city string) string { return strings.Join(each(split(plain(city)), spell), " ") }

// headLetters is how many letters two names of typing errors must share at the
// start to be listed without any other link; shorter names have no head.
const headLetters = 6

func (p company) head() string {
	r := []rune(sound(strings.Join(p.words, "")))
	if len(r) < headLetters {
		return ""
	}
	return string(r[:headLetters])
}

// AccountKeys returns the blocking keys of an account: two accounts that can
// merge or need review share one. The letter before the colon says what is
// shared: v VAT, r registration number, d domain, n name, p phone, h the head
// of the name.
func AccountKeys(a Account) []string {
	p := parseCompany(a)
	var keys []string
	add := func(kind, value string) {
		if value != "" {
			keys = append(keys, kind+value)
		}
	}
	add("v:", a.VAT)
	add("r:", a.RegNo)
	add("d:", a.Domain)
	add("n:", strings.Join(p.words, ""))
	add("n:", strings.Join(slices.Sorted(slices.Values(p.words)), " "))
	for _, phone := range a.Phones {
		add("p:", phone)
	}
	add("h:", p.head())
	slices.Sort(keys)
	return slices.Compact(keys)
}
