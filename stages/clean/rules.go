package clean

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/normal"
)

// Rule says what a finding means and what to do about it.
type Rule struct {
	Code     string // stable; stands in issue.rule and clean_drop.rule
	Severity string // info, warning or error
	Meaning  string // one sentence
	Action   string // one sentence
}

// Rules are all findings of the clean stage, in the order of objects. The stage
// writes them to issue_rule; `nextpipe explain CODE` prints them.
var Rules = slices.Concat(rules, dealDetailRules, activityRules, recordRules, leadRules, campaignRules(), documentRules(), cellRules())

var rules = []Rule{
	{"contact.nothing_to_name", "error", "The contact has neither name nor e-mail, phone or company, so nothing can stand as its name; it is not migrated.",
		"Give it a name with fix_value if it is worth keeping."},
	{"account.no_name", "error", "The company has no name; it is not migrated.",
		"Give it a name with fix_value if it is worth keeping."},
	{"segment_unreadable", "warning", "The segment is written in no grammar that is known; it is documented, not made a filter.",
		"Correct its json with fix_value, or rebuild it by hand from the document."},
	{"soft_deleted", "info", "The record is deleted in the source and is left out by decision.",
		"Set exclude_deleted to 0 in decide_map (map_setting) to migrate deleted records too."},
	{"repeated_record", "info", "The same record stands in the source more than once; one is migrated.", "Nothing to do."},
	{"repeated_id_conflict", "warning", "Two different versions of a record share its id; the newest is migrated, of equally new ones the first.",
		"Compare the named fields; put the right value into fix_value if the other version had it."},
	{"fix_not_applied", "warning", "A corrected value in fix_value names a record or a field that does not exist.",
		"Correct object, source_id or field of that fix_value row."},
	{"ragged_overflow", "info", "The record has more cells than its file has headings; the cells beyond are kept in the custom field overflow.",
		"See whether a delimiter stands in an unquoted cell of that record."},
	{"column_undecided", "warning", "Some values of the column can be read in two ways, and nothing says which is right.",
		"Decide date_order or decimal_mark in decide_map (map_setting)."},

	{"contact_named_by_email", "info", "The contact has no name; its e-mail address stands in.", "Give it a name with fix_value if you know it."},
	{"contact_named_by_phone", "info", "The contact has neither name nor e-mail; its telephone number stands in.", "Give it a name with fix_value if you know it."},
	{"contact_named_by_company", "info", "The contact has only a company; the company's name stands in.", "Give it a name with fix_value if you know it."},
	{"email_missing", "info", "The contact has no e-mail address; it can only be matched by name and phone.", "Add the address with fix_value if you know it."},
	{"email_several", "info", "The contact has several addresses; the first valid one is the primary.", "Reorder them with fix_value if another one is the main address."},
	{"several_companies", "info", "The contact belongs to several companies; Pipedrive links the first.", "Put the company that counts into fix_value (field company)."},
	{"country_unknown", "info", "The country is not one we know by code or name; it is kept as written, and phones are read without it.",
		"Correct the country with fix_value."},
	{"consent_unknown", "info", "The status is no consent word; it is kept as the contact's type, and no consent is claimed.",
		"Put the consent into fix_value (field consent_status) if you know it."},

	{"dangling_account", "warning", "The record links to a company that does not exist in the source; it has no organization, or the one its company name means.",
		"Correct the id with fix_value, or leave it."},
	{"link_to_excluded_account", "warning", "The record links to a company that is deleted in the source.", "Migrate deleted records too, or link it to another company."},
	{"dangling_contact", "warning", "The deal names a contact that does not exist; it has no person.", "Correct contact_id or contact_email with fix_value, or leave it."},
	{"dangling_participant", "warning", "A deal participant names a deal or a contact that does not exist.", "Nothing to do unless the record should exist."},
	{"membership_of_nobody", "warning", "A tag or list membership names a contact that does not exist.", "Nothing to do unless the contact should exist."},
	{"reference_unknown", "warning", "The cell holds the id of a lookup entry that does not exist any more.", "Correct it with fix_value, or leave it."},
	{"unknown_owner", "warning", "The owner is no user of the source; the map decides who owns the record.", "Map the address in decide_map (map_user) or accept the fallback owner."},
	{"user_without_email", "warning", "The user has no valid e-mail address and cannot be matched to a Pipedrive user.", "Put the address into fix_value (object user)."},
	{"account_from_mention", "info", "A company is only named by contacts or deals; it becomes an organization of its own.", "Rename or remove the mention if it is a misspelling."},
	{"tag_undeclared", "info", "A tag is used but not listed among the source's tags; it is migrated all the same.", "Check the spelling."},
	{"list_undeclared", "info", "A list is used but not listed among the source's lists; it is migrated all the same.", "Check the spelling."},
	{"stage_undeclared", "info", "Deals stand in a stage that the source's pipelines do not list; it is added.", "Map it to another stage in decide_map (map_stage) if you do not want it."},

	{"deal_without_title", "info", "The deal has no title; person or company and date stand in.", "Give it a title with fix_value."},
	{"deal_without_value", "info", "The deal has no value; it is migrated without one.", "Add the value with fix_value if you know it."},
	{"missing_currency", "info", "The deal has a value but no currency; the site's default is taken.", "Check the default currency; correct the record with fix_value."},
	{"currency_unknown", "warning", "The currency is no ISO 4217 code, and nothing else says which it is.", "Correct the currency with fix_value, or decide default_currency."},
	{"currency_conflict", "warning", "The amount carries another currency sign than the record's currency; the record's currency is taken.", "Correct currency or value with fix_value."},
	{"status_translated", "info", "The status is a synonym of won or lost and is read as that.", "Nothing to do if the reading is right; else decide it in map_status."},
	{"status_unknown", "warning", "The status is no word we know; the deal counts as open unless the map says otherwise.", "Decide it in map_status."},
	{"custom_unreadable", "warning", "A custom value does not fit the type of its field; the text is kept under '<field> (raw)'.", "Correct the value with fix_value (field custom:<field>)."},
	{"unknown_option", "warning", "A custom value is not among the declared options; it becomes a new option.", "Correct the value, or map it in decide_map (map_option)."},
}

// cellMeanings say what the reasons of package normal are about, by the front of
// their codes; normal words the hints.
var cellMeanings = []struct{ front, meaning string }{
	{"email_", "An e-mail cell holds something that is no address; it is kept among the invalid addresses."},
	{"phone_", "A telephone number could not be read; it is kept as written but not used for matching."},
	{"number_", "A number or an amount could not be read, so the value is empty."},
	{"dst_", "A local time falls into a change of clocks."},
	{"", "A day or a point in time could not be read with certainty."},
}

// cellRules are the reasons of package normal.
func cellRules() []Rule {
	severity := map[string]string{normal.PhoneInvalid: "info", normal.PhoneNoDigits: "info", normal.PhoneNoCountry: "info",
		normal.DateTwoDigitYear: "info", normal.DSTGap: "info", normal.DSTOverlap: "info"}
	var list []Rule
	for _, code := range []string{
		normal.EmailNoAt, normal.EmailManyAts, normal.EmailSpace, normal.EmailLocal, normal.EmailDomain,
		normal.PhoneSpreadsheet, normal.PhoneNoDigits, normal.PhoneNoCountry, normal.PhoneInvalid,
		normal.NumberUnreadable, normal.NumberAmbiguous, normal.NumberExponent,
		normal.DateUnreadable, normal.DateImpossible, normal.DateIncomplete, normal.DateAmbiguous, normal.DateTwoDigitYear,
		normal.ZoneUnknown, normal.DSTGap, normal.DSTOverlap,
	} {
		r := Rule{code, "warning", "", sentence(normal.Hint(code))}
		if s := severity[code]; s != "" {
			r.Severity = s
		}
		for _, m := range cellMeanings {
			if r.Meaning == "" && strings.HasPrefix(code, m.front) {
				r.Meaning = m.meaning
			}
		}
		list = append(list, r)
	}
	return list
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// Explain finds a rule by its code.
func Explain(code string) (Rule, bool) {
	for _, r := range Rules {
		if r.Code == code {
			return r, true
		}
	}
	return Rule{}, false
}

func writeRules(tx *sql.Tx) error {
	for _, r := range Rules {
		if _, err := tx.Exec("INSERT INTO issue_rule (rule, severity, meaning, action) VALUES (?, ?, ?, ?)",
			r.Code, r.Severity, r.Meaning, r.Action); err != nil {
			return fmt.Errorf("write rule %s: %w", r.Code, err)
		}
	}
	return nil
}
