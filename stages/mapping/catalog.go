package mapping

// rule is what nextpipe knows about one source field before it looks at the
// data. Adding an entity is a new list of rules.
type rule struct {
	source string // column of the clean table, or a name that the build stage computes
	action string // native, custom, details or skip
	target string // native: the API's key; custom: our field key
	name   string // custom and details: the name people see
	kind   string // custom: Pipedrive type; "" is inferred from the values
	why    string
}

// object is one kind of source record and the Pipedrive entity it becomes.
type object struct {
	name   string // account; names the rows of map_field
	entity string // organization
	view   string // golden_account: the records after merging
	rules  []rule
	// internal are columns of the view that carry keys and copies made while
	// cleaning: they are not fields of the source.
	internal []string
}

var objects = []object{accounts, contacts, deals, leads}

const (
	whyMarker = "finds the record again: after a lost answer, in a delta, in a rollback"
	whyOwner  = "the owner has no user in Pipedrive, so the fallback owns the record"
	whyUpdate = "Pipedrive does not take the time of the last change"
)

var accounts = object{
	name: "account", entity: "organization", view: "golden_account",
	internal: []string{"account_key", "row_id", "row_hash", "source_id", "name_strict", "name_loose", "country_code", "custom"},
	rules: []rule{
		{"marker", "custom", "nextcrm_id", "NextCRM ID", "varchar", whyMarker},
		{"name", "native", "name", "", "", "the organization's name"},
		{"owner_email", "native", "owner_id", "", "", "owners are matched by e-mail, see map_user"},
		{"original_owner", "custom", "original_owner", "Original owner", "varchar", whyOwner},
		{"address", "native", "address", "", "", "street, city, state, postal code and country together"},
		{"street", "skip", "", "", "", "part of address"},
		{"city", "skip", "", "", "", "part of address"},
		{"state", "skip", "", "", "", "part of address"},
		{"postal_code", "skip", "", "", "", "part of address"},
		{"country", "skip", "", "", "", "part of address"},
		{"website", "native", "website", "", "", "the organization's website"},
		{"domain", "skip", "", "", "", "taken from website or e-mail for matching"},
		{"linkedin_url", "native", "linkedin", "", "", "the organization's LinkedIn page"},
		{"tags", "native", "label_ids", "", "", "tags become labels, see map_label"},
		{"tag_options", "custom", "nextcrm_tags", "NextCRM tags", "set", "tags that map_label sends to a field"},
		{"created_at", "native", "add_time", "", "", "Pipedrive takes the original time of creation"},
		{"email", "custom", "email", "E-mail", "varchar", "organizations have no e-mail of their own in Pipedrive"},
		{"phone", "custom", "phone", "Phone", "phone", "organizations have no telephone of their own in Pipedrive"},
		{"phone_e164", "skip", "", "", "", "phone in international form, for matching"},
		{"fax", "custom", "fax", "Fax", "phone", ""},
		{"registration_number", "custom", "registration_number", "Registration number", "", ""},
		{"vat", "custom", "vat", "VAT number", "", ""},
		{"legal_form", "skip", "", "", "", "part of name"},
		{"industry", "custom", "industry", "Industry (NextCRM)", "enum", "the options of Pipedrive's own field Industry are each account's own"},
		{"type", "custom", "type", "Account type", "enum", ""},
		{"status", "custom", "status", "Account status", "enum", ""},
		{"description", "custom", "description", "Description", "text", ""},
		{"employees", "native", "employee_count", "Employees", "", "Pipedrive's own field takes whole numbers"},
		{"annual_revenue", "native", "annual_revenue", "Annual revenue", "", "Pipedrive's own field takes whole numbers"},
		{"parent_name", "custom", "parent_name", "Parent company", "", ""},
		{"shipping_address", "custom", "shipping_address", "Shipping address", "address", ""},
		{"facebook_url", "custom", "facebook", "Facebook", "", ""},
		{"twitter_url", "custom", "twitter", "Twitter", "", ""},
		{"updated_at", "custom", "updated_in_nextcrm", "Updated in NextCRM", "date", whyUpdate},
	},
}

var contacts = object{
	name: "contact", entity: "person", view: "golden_contact",
	internal: []string{"contact_key", "row_id", "row_hash", "source_id", "name_origin", "name_key", "mailbox_key", "country_code", "custom"},
	rules: []rule{
		{"marker", "custom", "nextcrm_id", "NextCRM ID", "varchar", whyMarker},
		{"name", "native", "name", "", "", "Pipedrive parts it into first and last name itself"},
		{"first_name", "skip", "", "", "", "part of name"},
		{"last_name", "skip", "", "", "", "part of name"},
		{"emails", "native", "emails", "", "", "all valid addresses with their labels"},
		{"email", "skip", "", "", "", "the first of emails"},
		{"invalid_emails", "custom", "invalid_emails", "Invalid e-mails", "", "no address, so not sent as one, but kept"},
		{"phones", "native", "phones", "", "", "all numbers with their labels, as written"},
		{"phone_e164", "skip", "", "", "", "the first of phones in international form"},
		{"account_key", "native", "org_id", "", "", "the organization that the account became"},
		{"company", "skip", "", "", "", "the organization's name"},
		{"owner_email", "native", "owner_id", "", "", "owners are matched by e-mail, see map_user"},
		{"original_owner", "custom", "original_owner", "Original owner", "varchar", whyOwner},
		{"tags", "native", "label_ids", "", "", "tags become labels, see map_label"},
		{"tag_options", "custom", "nextcrm_tags", "NextCRM tags", "set", "tags that map_label sends to a field"},
		{"lists", "custom", "nextcrm_lists", "NextCRM lists", "set", "Pipedrive's API has no static lists"},
		{"created_at", "native", "add_time", "", "", "Pipedrive takes the original time of creation"},
		{"job_title", "custom", "job_title", "Job title", "varchar", "Pipedrive's own field exists only with contact sync"},
		{"address", "custom", "address", "Address", "address", "Pipedrive's own field exists only with contact sync"},
		{"street", "skip", "", "", "", "part of address"},
		{"city", "skip", "", "", "", "part of address"},
		{"state", "skip", "", "", "", "part of address"},
		{"postal_code", "skip", "", "", "", "part of address"},
		{"country", "skip", "", "", "", "part of address"},
		{"birthday", "custom", "birthday", "Birthday", "date", "Pipedrive's own field exists only with contact sync"},
		{"prefix", "custom", "prefix", "Name prefix", "", ""},
		{"gender", "custom", "gender", "Gender", "", ""},
		{"rating", "custom", "rating", "Rating", "", ""},
		{"website", "custom", "website", "Website", "", ""},
		{"description", "custom", "description", "Description", "text", ""},
		{"contact_type", "custom", "contact_type", "Contact type", "enum", ""},
		{"is_active", "custom", "is_active", "Active in NextCRM", "enum", ""},
		{"consent", "custom", "consent", "Marketing consent", "enum", "every status of the source, in every account"},
		{"marketing_status", "native", "marketing_status", "", "", "by setting marketing_status; sent when a person is created"},
		{"source", "custom", "source", "Contact source", "", ""},
		{"linkedin_url", "custom", "linkedin", "LinkedIn", "", ""},
		{"facebook_url", "custom", "facebook", "Facebook", "", ""},
		{"twitter_url", "custom", "twitter", "Twitter", "", ""},
		{"skype", "custom", "skype", "Skype", "", "Pipedrive's own field exists only with contact sync"},
		{"instagram_url", "custom", "instagram", "Instagram", "", ""},
		{"youtube_url", "custom", "youtube", "YouTube", "", ""},
		{"tiktok_url", "custom", "tiktok", "TikTok", "", ""},
		{"photo_url", "details", "photo", "Photo", "", "seldom searched"},
		{"timezone", "details", "timezone", "Time zone", "", "seldom searched"},
		{"ip_address", "details", "ip_address", "IP address", "", "seldom searched"},
		{"wordpress_user_id", "details", "wordpress_user_id", "WordPress user", "", "seldom searched"},
		{"notes", "custom", "notes", "Notes (NextCRM)", "text", "Pipedrive's own field exists only with contact sync"},
		{"updated_at", "custom", "updated_in_nextcrm", "Updated in NextCRM", "date", whyUpdate},
		{"last_activity_at", "custom", "last_activity", "Last activity in NextCRM", "date", "Pipedrive reckons its own from activities"},
		{"confirmed_at", "custom", "confirmed", "Opt-in confirmed", "date", ""},
	},
}

var deals = object{
	name: "deal", entity: "deal", view: "clean_deal",
	internal: []string{"deal_key", "row_id", "row_hash", "source_id", "title_origin", "currency_origin", "custom"},
	rules: []rule{
		{"marker", "custom", "nextcrm_id", "NextCRM ID", "varchar", whyMarker},
		{"title", "native", "title", "", "", "the deal's title"},
		{"value", "native", "value", "", "", "sent with its currency"},
		{"currency", "native", "currency", "", "", "sent with value"},
		{"stage_key", "native", "stage_id", "", "", "category and stage, see map_stage"},
		{"stage", "skip", "", "", "", "the stage's name"},
		{"category", "skip", "", "", "", "chooses the pipeline, see map_stage"},
		{"status", "native", "status", "", "", "won, lost or open by the rules of map_status"},
		{"source_status", "details", "source_status", "Status in NextCRM", "", "Pipedrive has three states only"},
		{"outcome_hint", "details", "outcome_hint", "Outcome in NextCRM", "", "what decided between won and lost"},
		{"won_at", "native", "won_time", "", "", "sent with status won"},
		{"lost_at", "native", "lost_time", "", "", "sent with status lost"},
		{"lost_reason", "native", "lost_reason", "", "", "sent with status lost"},
		{"outcome_rest", "details", "outcome_rest", "Outcome before", "", "won or lost data of deals that do not have that status"},
		{"probability", "native", "probability", "", "", "sent with open deals"},
		{"closed_probability", "details", "closed_probability", "Probability when closed", "", "Pipedrive keeps it for open deals only"},
		{"expected_close_on", "native", "expected_close_date", "", "", "the expected close date"},
		{"account_key", "native", "org_id", "", "", "the organization that the account became"},
		{"contact_key", "native", "person_id", "", "", "the person that the contact became"},
		{"contact_email", "skip", "", "", "", "found the contact"},
		{"participants", "skip", "", "", "", "further contacts are linked in a step of their own, after the deals"},
		{"owner_email", "native", "owner_id", "", "", "owners are matched by e-mail, see map_user"},
		{"original_owner", "custom", "original_owner", "Original owner", "varchar", whyOwner},
		{"tags", "native", "label_ids", "", "", "tags become labels, see map_label"},
		{"tag_options", "custom", "nextcrm_tags", "NextCRM tags", "set", "tags that map_label sends to a field"},
		{"created_at", "custom", "created_in_nextcrm", "Created in NextCRM", "date", "Pipedrive does not take a deal's time of creation"},
		{"updated_at", "custom", "updated_in_nextcrm", "Updated in NextCRM", "date", whyUpdate},
		{"stage_entered_at", "custom", "stage_entered", "Stage entered in NextCRM", "date", "Pipedrive does not take the time of a stage change"},
		{"expected_revenue", "custom", "expected_revenue", "Expected revenue", "monetary", ""},
		{"next_step", "custom", "next_step", "Next step", "", ""},
		{"description", "custom", "description", "Description", "text", ""},
		{"delivery_on", "custom", "delivery_on", "Delivery deadline", "date", ""},
		{"approval_status", "custom", "approval_status", "Approval status", "enum", ""},
		{"approval_note", "custom", "approval_note", "Approval note", "text", ""},
	},
}
