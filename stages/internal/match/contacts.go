package match

import (
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/normal"
)

// ComparePersons decides about two contacts. The first rule of [Rules] that
// applies wins; links are tried from the strongest (e-mail) to the weakest.
func ComparePersons(a, b Contact) Verdict {
	if a.Edition == Plugin && b.Edition == Plugin && bothEqual(primary(a), primary(b)) {
		v := verdict("contact.same_identity_email", "the same primary e-mail "+primary(a))
		v.Identity = true
		return v
	}
	p, q := parsePerson(a), parsePerson(b)
	c := pairOfContacts{a, b, likenPersons(p, q), p.whole() && q.whole()}
	if v, ok := c.byEmail(); ok {
		return c.plugin(v)
	}
	if v, ok := c.byPhone(); ok {
		return c.plugin(v)
	}
	return c.plugin(c.byName())
}

// pairOfContacts is one comparison under way.
type pairOfContacts struct {
	a, b  Contact
	names Likened
	full  bool // both have a given and a family name
}

// plugin weakens a merge of the plugin edition: two records that both have a
// primary e-mail are two subscribers, each with its own consent.
func (c pairOfContacts) plugin(v Verdict) Verdict {
	both := c.a.Edition == Plugin && c.b.Edition == Plugin && bothDiffer(primary(c.a), primary(c.b))
	if !both || v.Decision == Distinct || v.Rule == "contact.same_name_same_birthday" {
		return v
	}
	return verdict("contact.plugin_other_address", v.Why)
}

// byEmail applies the rules of a shared address or mailbox.
func (c pairOfContacts) byEmail() (Verdict, bool) {
	if email := firstShared(c.a.Emails, c.b.Emails); email != "" {
		return c.sameEmail(email), true
	}
	if mailbox := firstShared(c.a.EmailKeys, c.b.EmailKeys); mailbox != "" {
		return c.plusTag(mailbox), true
	}
	return Verdict{}, false
}

func (c pairOfContacts) sameEmail(email string) Verdict {
	why := c.why("the same e-mail " + email)
	role := isRole(email)
	switch {
	case c.names.Likeness == Different:
		return verdict("contact.shared_mailbox", why)
	case role && (c.names.Likeness != Same || !c.full):
		return verdict("contact.role_mailbox", why)
	case bothDiffer(c.a.Birthday, c.b.Birthday):
		return verdict("contact.same_email_other_birthday", why)
	case c.names.Likeness == Unknown:
		return verdict("contact.same_email_no_name", why)
	}
	return verdict("contact.same_email_compatible_name", why)
}

func (c pairOfContacts) plusTag(mailbox string) Verdict {
	why := c.why("the mailbox " + mailbox)
	switch {
	case c.names.Likeness == Different:
		return verdict("contact.plus_tag_other_name", why)
	case c.names.Likeness != Same || bothDiffer(c.a.Birthday, c.b.Birthday):
		return verdict("contact.plus_tag_similar_name", why)
	}
	return verdict("contact.plus_tag_same_name", why)
}

// byPhone applies the rules of a shared number.
func (c pairOfContacts) byPhone() (Verdict, bool) {
	phone := firstShared(c.a.Phones, c.b.Phones)
	if phone == "" {
		return Verdict{}, false
	}
	why := c.why("the same phone " + phone)
	switch c.names.Likeness {
	case Different:
		return verdict("contact.same_phone_other_name", why), true
	case Compatible:
		return verdict("contact.similar_name_same_phone", why), true
	case Same:
		return c.samePhone(why), true
	}
	if nameless(c.a) && nameless(c.b) {
		return verdict("contact.no_name_same_phone", why), true
	}
	return Verdict{}, false
}

// samePhone decides about one name and one number.
func (c pairOfContacts) samePhone(why string) Verdict {
	switch {
	case bothDiffer(c.a.Birthday, c.b.Birthday):
		return verdict("contact.same_name_phone_other_birthday", why)
	case bothDiffer(c.a.AccountKey, c.b.AccountKey):
		return verdict("contact.same_name_phone_other_account", why)
	case len(c.a.Emails) > 0 && len(c.b.Emails) > 0:
		return verdict("contact.same_name_phone_other_email", why)
	}
	return verdict("contact.same_name_same_phone", why)
}

// byName applies what is left when no e-mail and no phone is shared.
func (c pairOfContacts) byName() Verdict {
	switch likeness := c.names.Likeness; {
	case likeness == Different:
		return verdict("contact.other_name", c.why("no e-mail or phone"))
	case likeness == Unknown:
		return verdict("contact.no_evidence", c.why("nothing"))
	case bothEqual(c.a.AccountKey, c.b.AccountKey):
		return verdict("contact.same_name_same_account", c.why("the account "+c.a.AccountKey))
	case likeness == Same && bothEqual(c.a.Birthday, c.b.Birthday):
		return verdict("contact.same_name_same_birthday", c.why("the birthday "+c.a.Birthday))
	case likeness == Same && bare(c.a) && bare(c.b):
		return verdict("contact.same_name_only", c.why("nothing else"))
	}
	return verdict("contact.no_evidence", c.why("nothing but the name"))
}

// why is the sentence for a person: what is shared, and how the names relate.
func (c pairOfContacts) why(shared string) string {
	return fmt.Sprintf("%s is shared; names %q and %q: %s (%s)",
		shared, display(c.a), display(c.b), c.names.Likeness, c.names.Reason)
}

func display(c Contact) string {
	if c.First == "" && c.Last == "" {
		return c.Full
	}
	if c.First == "" || c.Last == "" {
		return c.First + c.Last
	}
	return c.First + " " + c.Last
}

func primary(c Contact) string {
	if len(c.Emails) == 0 {
		return ""
	}
	return c.Emails[0]
}

// bare reports whether a contact holds nothing but its name.
func bare(c Contact) bool {
	return len(c.Emails) == 0 && len(c.Phones) == 0 && c.AccountKey == ""
}

func nameless(c Contact) bool { return parsePerson(c).empty() }

func isRole(email string) bool {
	list := normal.Email(email)
	return len(list) > 0 && list[0].Role
}

// ContactKeys returns the blocking keys of a contact: two contacts that can
// merge or need review share one. The letter before the colon says what is
// shared: i identity e-mail (never capped, see [Candidates]), e mailbox, p phone
// and name, a account and name, b birthday and name, n name of a bare record.
//
// Names enter by each word as it sounds, because any two compatible names share
// a word: nicknames, initials and errors touch one part of a name only. A
// birthday links equal names only, so it goes with the whole name: thousands
// are born on one day, and many of them share a first name.
func ContactKeys(c Contact) []string {
	var keys []string
	if c.Edition == Plugin && primary(c) != "" {
		keys = append(keys, "i:"+primary(c))
	}
	for _, mailbox := range c.EmailKeys {
		keys = append(keys, "e:"+mailbox)
	}
	name := parsePerson(c)
	words := nameKeys(name)
	for _, phone := range c.Phones {
		keys = appendKeys(keys, "p:"+phone, words)
	}
	if c.AccountKey != "" && words[0] != "" {
		keys = appendKeys(keys, "a:"+c.AccountKey, words)
	}
	if c.Birthday != "" && words[0] != "" {
		keys = append(keys, "b:"+c.Birthday+"|"+letters(name))
	}
	if bare(c) && words[0] != "" {
		keys = appendKeys(keys, "n:", words[:1])
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// nameKeys returns the sounds of the words of a name without initials, sorted;
// a nameless contact has the one word "".
func nameKeys(p person) []string {
	var words []string
	for _, w := range p.words() {
		if !isInitial(w) {
			words = append(words, sound(w))
		}
	}
	if len(words) == 0 {
		return []string{""}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// letters are the letters of a whole name, sorted: equal names have the same,
// however their words are cut and ordered.
func letters(p person) string {
	b := []rune(strings.Join(each(p.words(), spell), ""))
	slices.Sort(b)
	return string(b)
}

func appendKeys(keys []string, prefix string, words []string) []string {
	for _, w := range words {
		keys = append(keys, prefix+"|"+w)
	}
	return keys
}
