package segment

import "strings"

// operators are the spellings of all shapes. No two shapes use one spelling for
// different things once the reader of the shape has dealt with its own.
var operators = map[string]Operator{
	"=": Equal, "equals": Equal, "equal": Equal, "is": Equal, "==": Equal,
	"!=": NotEqual, "not_equals": NotEqual, "notequal": NotEqual, "isNot": NotEqual, "is_not": NotEqual,
	"contains": Contains, "LIKE": Contains,
	"not_contains": NotContains, "NOT LIKE": NotContains, "doesnotcontain": NotContains, "notContains": NotContains,
	"starts_with": StartsWith, "startsWith": StartsWith,
	"does_not_start_with": NotStartsWith, "notStartsWith": NotStartsWith,
	"ends_with": EndsWith, "endsWith": EndsWith,
	"does_not_end_with": NotEndsWith, "notEndsWith": NotEndsWith,
	">": Greater, "larger": Greater, "greater_than": Greater, "moreThan": Greater, "more_than": Greater,
	"<": Less, "less": Less, "less_than": Less, "lessThan": Less,
	">=": AtLeast, "greater_than_or_equal_to": AtLeast, "<=": AtMost, "less_than_or_equal_to": AtMost,
	"is_null": Empty, "empty": Empty, "isBlank": Empty, "is_blank": Empty,
	"not_null": NotEmpty, "not_empty": NotEmpty, "isNotBlank": NotEmpty, "is_not_blank": NotEmpty,
	"in": AnyOf, "whereIn": AnyOf, "any": AnyOf, "in_all": AllOf, "all": AllOf,
	"not_in": NoneOf, "whereNotIn": NoneOf, "none": NoneOf, "not_in_all": NotAllOf,
	"before": Before, "after": After, "date_equal": OnDay, "on": OnDay, "notOn": NotOnDay,
	"onOrBefore": AtMost, "onOrAfter": AtLeast,
	"days_within": WithinDays, "inTheLast": WithinDays, "previousdays": WithinDays,
	"days_before": OlderThanDays, "notInTheLast": OlderThanDays,
	"between": Between, "intrange": Between, "floatrange": Between, "daterange": Between,
	"regex": Regex, "nextdays": Relative, "inTheNext": Relative,
}

// contactFields are the names that the shapes have for the columns of the
// cleaned contact.
var contactFields = map[string]string{
	"first_name": "first_name", "subscriberFirstName": "first_name",
	"last_name": "last_name", "subscriberLastName": "last_name",
	"name": "name", "full_name": "name", "fullname": "name",
	"email": "email", "email_address": "email", "subscriberEmail": "email",
	"phone": "phones", "primary_phone": "phones", "mobile_phone": "phones", "mobile": "phones",
	"address_line_1": "street", "address_line_2": "street", "street_address_1": "street", "street_address_2": "street", "address": "street",
	"city": "city", "state": "state", "region": "state", "country": "country",
	"postal_code": "postal_code", "zip": "postal_code", "zip_code": "postal_code",
	"prefix": "prefix", "source": "source", "lead_source": "source", "extsource": "source",
	"timezone": "timezone", "ip": "ip_address", "user_id": "wordpress_user_id", "gender": "gender", "rating": "rating",
	"date_of_birth": "birthday", "birthday": "birthday", "job_title": "job_title",
	"created_at": "created_at", "date_created": "created_at", "dateadded": "created_at", "subscribedDate": "created_at",
	"last_activity": "last_activity_at", "datelastcontacted": "last_activity_at",
	"status": "consent", "optin_status": "consent", "contact_type": "contact_type",
	"tags": "tags", "subscriberTag": "tags", "lists": "lists", "subscriberSegment": "lists",
	"companies": "account.name", "company_name": "account.name", "company": "account.name",
	"company_industry": "account.industry", "company_type": "account.type",
	"owner": "owner_email", "owner_id": "owner_email",
}

// topics are the things that no record of Pipedrive holds, by how the source
// name begins.
var topics = []struct{ prefix, reason string }{
	{"campaign_email", "email_activity"}, {"email_sequence", "sequence_activity"}, {"automation", "automation_activity"},
	{"email_", "email_activity"}, {"opened", "email_activity"}, {"clicked", "email_activity"}, {"opensAbsoluteCount", "email_activity"},
	{"machineOpens", "email_activity"}, {"wasSent", "email_activity"}, {"wasNotSent", "email_activity"}, {"numberOf", "email_activity"},
	{"subscriberScore", "email_activity"}, {"lastOpen", "email_activity"}, {"lastClick", "email_activity"},
	{"lastEngagement", "email_activity"}, {"lastSending", "email_activity"}, {"link_clicked", "email_activity"},
	{"search", "fuzzy_search"}, {"user_role", "user_role"}, {"wordpressRole", "user_role"}, {"userRole", "user_role"}, {"is_user", "user_role"},
	{"page_visited", "web_activity"}, {"lastPageView", "web_activity"}, {"subscribedViaForm", "form_activity"},
	{"event_tracking", "event_tracking"}, {"woo", "shop_data"}, {"edd", "shop_data"}, {"lastPurchase", "shop_data"},
	{"sub_query", "sub_query"}, {"current_", "relative_now"}, {"saved_search", "sub_query"}, {"segments", "sub_query"},
}

// about finds out what a name of the source speaks of: a field of the contact,
// or a topic that is none. An unknown name is a topic of its own.
func about(name string) (field, topic string) {
	if field, ok := contactFields[name]; ok {
		return field, ""
	}
	for _, t := range topics {
		if strings.HasPrefix(name, t.prefix) {
			return "", t.reason
		}
	}
	return "", "unknown_rule:" + name
}

// consentCodes are Groundhogg's numbers for the state of consent.
var consentCodes = map[string]string{
	"1": "pending", "2": "subscribed", "3": "unsubscribed", "4": "subscribed", "5": "subscribed",
	"6": "bounced", "7": "complained", "8": "complained", "9": "unsubscribed",
}

// consentWords bring the words of all shapes to those of the cleaned contact.
var consentWords = map[string]string{
	"confirmed": "subscribed", "active": "subscribed", "inactive": "subscribed",
	"unconfirmed": "pending", "spammed": "complained",
}

func consent(word string) string {
	word = strings.ToLower(word)
	if canonical, ok := consentCodes[word]; ok {
		return canonical
	}
	if canonical, ok := consentWords[word]; ok {
		return canonical
	}
	return word
}
