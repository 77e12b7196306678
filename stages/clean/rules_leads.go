package clean

// leadRules are the findings on leads, targets and what their consent means for contacts.
var leadRules = []Rule{
	{"lead.nothing_to_link", "error", "The lead has neither a person nor a company, and a lead of Pipedrive hangs on one; it is not migrated.",
		"Give it a name, an address or a company with fix_value if it is worth keeping."},
	{"target.nothing_to_name", "error", "The target has neither name nor e-mail, phone or company, so nothing can stand as its name; it is not migrated.",
		"Give it a name with fix_value if it is worth keeping."},
	{"target_contact.nothing_to_name", "error", "The person found for a target has no name, address or number, and the target no company; it is not migrated.",
		"Give it a name with fix_value if it is worth keeping."},
	{"converted_contact_gone", "info", "The source says the record became a contact, but that contact is deleted; the record is a person of its own.",
		"Delete it in the source too, or migrate deleted records."},
	{"consent_by_address", "info", "The contact's address refused mails as a target or in a campaign, so the contact gets none either.",
		"Nothing to do; who refused has to opt in anew."},
}
