// Package normal cleans single values: one cell in, one canonical value out.
//
//	reads   its arguments only: no files, no clock, no environment
//	does    undoes export damage, normalises, validates and derives compare keys
//	writes  nothing
//
// Every function is pure and safe for concurrent use, so the clean stage may
// register it as a deterministic SQL scalar function. Three rules hold for all:
//
//   - Nothing is invented. What cannot be read with certainty comes back empty
//     with a reason code (see [Hint]); the caller keeps the original.
//   - A value with a reason is a warning: it was read, but a person may want to
//     know how. An empty value without a reason means the cell was empty.
//   - Normalising a normalised value changes nothing, except where HTML entities
//     are decoded: they are decoded exactly once, because NextCRM escapes once.
//
// The rules are those of the export contract: null tokens, formula guard,
// e-mail, money, local time, serial dates and the tag and company keys.
package normal

// Reason codes. They end up as rule names of the issue table, so they are part
// of the contract: add, never rename.
const (
	TooLong          = "cell_too_long"
	EmailNoAt        = "email_no_at"
	EmailManyAts     = "email_many_ats"
	EmailSpace       = "email_space"
	EmailLocal       = "email_local"
	EmailDomain      = "email_domain"
	PhoneSpreadsheet = "phone_spreadsheet"
	PhoneNoDigits    = "phone_no_digits"
	PhoneNoCountry   = "phone_country_unknown"
	PhoneInvalid     = "phone_invalid"
	NumberUnreadable = "number_unreadable"
	NumberAmbiguous  = "number_ambiguous"
	NumberExponent   = "number_exponent"
	DateUnreadable   = "date_unreadable"
	DateImpossible   = "date_impossible"
	DateIncomplete   = "date_incomplete"
	DateAmbiguous    = "ambiguous_date"
	DateTwoDigitYear = "date_two_digit_year"
	ZoneUnknown      = "zone_unknown"
	DSTGap           = "dst_gap"
	DSTOverlap       = "dst_overlap"
)

var hints = map[string]string{
	TooLong:          "the cell is far too long for this field; it is kept whole as text",
	EmailNoAt:        "the address has no @; correct it or move the text to another field",
	EmailManyAts:     "the address has more than one @; separate several addresses by ; or ,",
	EmailSpace:       "the address contains a blank; remove it",
	EmailLocal:       "the part before the @ is empty, too long or holds characters that are not allowed",
	EmailDomain:      "the part after the @ is no complete domain such as example.com",
	PhoneSpreadsheet: "a spreadsheet turned the number into 4.9E+11 and lost digits; look it up in the original",
	PhoneNoDigits:    "the cell holds no digits",
	PhoneNoCountry:   "the number has no +country prefix and the record no country; give a default country",
	PhoneInvalid:     "no such number in the numbering plan of that country; it is kept as text",
	NumberUnreadable: "this is not a number",
	NumberAmbiguous:  "the mark can be a decimal or a grouping mark; state the column's decimal mark",
	NumberExponent:   "a spreadsheet may have rounded this number to powers of ten; look it up in the original",
	DateUnreadable:   "this is not a date in any known form",
	DateImpossible:   "there is no such day or time in the calendar",
	DateIncomplete:   "day, month or year is missing",
	DateAmbiguous:    "day and month cannot be told apart; state the column's date order (dmy or mdy)",
	DateTwoDigitYear: "a two-digit year was read as 1969-2068",
	ZoneUnknown:      "the stamp has no UTC offset; state the source's time zone",
	DSTGap:           "clocks were put forward over this time; it was moved forward by the gap",
	DSTOverlap:       "this time happened twice when clocks were put back; the first was taken",
}

// maxCell bounds cells that are taken apart, in bytes: a body text in an e-mail
// column must not cost quadratic time.
const maxCell = 8 << 10

// Hint returns one sentence that tells a person what a reason code means and
// what to do, or "" for an unknown code.
func Hint(reason string) string { return hints[reason] }
