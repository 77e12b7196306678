package match

// Rule is one row of the rule book.
type Rule struct {
	Code        string
	Decision    Decision
	Confidence  float64
	Contradicts bool // a veto inside a cluster
	Says        string
}

// ruleBook is ordered as the rules are tried: the first that applies decides.
// Codes end up in the warehouse, so they are added and never renamed.
var ruleBook = []Rule{
	{"contact.same_identity_email", Merge, 1.00, false, "plugin edition: the primary e-mail is the record's identity, whatever the names"},
	{"contact.same_email_other_birthday", Review, 0.80, true, "same e-mail and name, but two birthdays: father and son, or a typing error"},
	{"contact.same_email_compatible_name", Merge, 0.98, false, "same e-mail and names that can be one person's"},
	{"contact.same_email_no_name", Merge, 0.95, false, "same personal e-mail, and at least one side has no name"},
	{"contact.role_mailbox", Review, 0.70, false, "same info@ or sales@ address: only the same full name would prove one person"},
	{"contact.shared_mailbox", Review, 0.90, true, "same e-mail, two different people"},
	{"contact.plugin_other_address", Review, 0.70, false, "plugin edition: linked by a mailbox, name or phone, but each address is its own subscription"},
	{"contact.plus_tag_same_name", Merge, 0.97, false, "same mailbox but for a +tag, same name"},
	{"contact.plus_tag_other_name", Review, 0.70, true, "same mailbox but for a +tag, different names"},
	{"contact.plus_tag_similar_name", Review, 0.70, false, "same mailbox but for a +tag, names that are not surely the same"},
	{"contact.same_phone_other_name", Distinct, 0.95, true, "same phone, different people: family, office or switchboard"},
	{"contact.same_name_phone_other_birthday", Review, 0.80, true, "same name and phone, but two birthdays"},
	{"contact.same_name_phone_other_account", Review, 0.60, false, "same name and phone, but two accounts"},
	{"contact.same_name_phone_other_email", Review, 0.70, false, "same name and phone, but each has an e-mail of its own"},
	{"contact.same_name_same_phone", Merge, 0.96, false, "no e-mail on one side at least; same name and same phone"},
	{"contact.similar_name_same_phone", Review, 0.70, false, "same phone, names that can be one person's but are not the same"},
	{"contact.no_name_same_phone", Review, 0.60, false, "same phone, neither has a name"},
	{"contact.same_name_same_account", Review, 0.70, false, "same or compatible name in one account, but no shared e-mail or phone"},
	{"contact.same_name_same_birthday", Review, 0.80, false, "same name and birthday, nothing else shared"},
	{"contact.same_name_only", Review, 0.50, false, "same name, and neither record holds anything else to compare"},
	{"contact.other_name", Distinct, 0.99, true, "names that cannot be one person's"},
	{"contact.no_evidence", Distinct, 0.90, false, "nothing but the name, or nothing at all, is shared"},

	{"account.same_number_other_number", Review, 0.70, true, "one official number is equal, the other differs"},
	{"account.same_number", Merge, 0.98, false, "same registration or VAT number, and the names have a word in common"},
	{"account.same_number_other_name", Review, 0.60, true, "same registration or VAT number, but the names or countries contradict: typing error, tax group or new name"},
	{"account.same_domain_subsidiary", Distinct, 0.95, true, "same web domain, but another country, number, department or arm of the group"},
	{"account.same_domain_other_name", Review, 0.70, true, "same web domain, different names: subsidiary, brand or new name"},
	{"account.same_domain_no_name", Review, 0.60, false, "same web domain, and one side has no name"},
	{"account.same_domain_other_number", Review, 0.70, true, "same web domain and name, but another official number"},
	{"account.same_domain_other_form", Review, 0.70, true, "same web domain and name, but two legal forms"},
	{"account.same_domain_other_country", Review, 0.60, true, "same web domain and name, but two countries"},
	{"account.same_domain_similar_name", Merge, 0.98, false, "same web domain and similar name"},
	{"account.same_name_other_number", Distinct, 0.98, true, "same name, but another official number"},
	{"account.same_name_other_country", Distinct, 0.90, true, "same name in another country"},
	{"account.generic_name", Review, 0.50, false, "same name, but it holds no distinctive word"},
	{"account.same_name_other_domain", Review, 0.60, true, "same name, but two web domains"},
	{"account.same_name_other_form", Review, 0.60, true, "same name, but two legal forms"},
	{"account.same_name_other_city", Review, 0.60, true, "same name in two cities, no phone shared"},
	{"account.same_name", Merge, 0.95, false, "same name, and nothing contradicts: domain, number, country, city, legal form"},
	{"account.similar_name_same_phone", Review, 0.70, false, "similar name and same phone"},
	{"account.similar_name", Review, 0.60, false, "a name that differs by a typing error, nothing contradicts"},
	{"account.other_name", Distinct, 0.99, true, "different names"},
	{"account.no_evidence", Distinct, 0.90, false, "no evidence that the two are one company"},
}

// Rules returns the rule book in the order the rules are tried.
func Rules() []Rule { return append([]Rule(nil), ruleBook...) }

// verdict gives the outcome of a rule with the evidence for this pair.
func verdict(code, why string) Verdict {
	for i := range ruleBook {
		if r := &ruleBook[i]; r.Code == code {
			return Verdict{Decision: r.Decision, Rule: r.Code, Confidence: r.Confidence, Why: why, Contradicts: r.Contradicts}
		}
	}
	// Unreachable for codes of the book, which a test proves; never a merge.
	return Verdict{Decision: Review, Rule: code, Why: why}
}
