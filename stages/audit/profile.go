package audit

import (
	"path"
	"regexp"
	"strings"
)

// policy says what becomes of the text of one column.
type policy string

const (
	// keep leaves it: it is written by nextpipe or by people who decide.
	keep policy = "keep"
	// shape leaves numbers, UUIDs, hashes and times; anything else is sealed.
	shape policy = "shape"
	// key leaves such parts of a key, and the words that nextpipe makes keys of.
	key policy = "key"
	// code leaves one word in small letters, as nextpipe's own codes are.
	code policy = "code"
	// words leaves text, but for e-mail addresses and telephone numbers in it.
	words policy = "words"
	// own leaves texts of the program: what a rule or a check means.
	own policy = "own"
	// address leaves the path of a request.
	address policy = "path"
	// seal puts a keyed hash in its place. It is what everything else gets: a
	// column that nobody thought of is sealed.
	seal policy = "seal"
)

// profile is read from the top; the first line that fits a column decides.
// Tables and columns are patterns, separated by blanks.
var profile = []struct {
	tables, columns string
	policy          policy
}{
	// Why something may pass, and who says so, is typed by people: they name
	// whom to call.
	{"gate signoff decide_* fix_value map_*", "reason note by_name decided_by", words},
	{"target run", "declared_by command", words},
	// What nextpipe says about itself, its ledgers and what was signed.
	{"data_dictionary goose_db_version reconcile_* verification plan plan_forecast run signoff gate setup delta_report cutover_proof", "*", keep},
	{"target", "token_user_email", seal},
	{"target", "*", keep},
	{"stage_run", "error", seal},
	{"stage_run", "*", keep},
	// The structure of the account is its owner's, not a person's.
	{"dest_currency dest_field dest_pipeline dest_stage dest_activity_type", "*", keep},
	{"bind provisioned", "symbol", words},
	{"http_log", "path", address},
	// Decisions stay readable; the values that correct a person's data do not.
	{"decide_* fix_value map_*", "map_table column_name description", keep},
	{"decide_* fix_value", "why", words},
	{"decide_map", "map_key value", words},
	{"map_setting map_status map_stage map_activity_type", "evidence", seal},
	{"map_setting map_status map_stage map_activity_type map_sql", "*", words},
	{"map_field", "map_key object source_field entity action target_field target_name target_type", words},
	{"cutover_row", "fields", words},
	{"issue_rule", "rule meaning action", own},
	{"final_check", "check_name description", own},
	// A state of the United States is none of ours.
	{"clean_account clean_contact dup_account_golden dup_contact_golden", "state", seal},
	// Words of nextpipe's own, wherever they stand but in what was copied from the source.
	{"stg_*", "row_hash source_id created_at updated_at deleted_at sha256", shape},
	{"stg_*", "*", seal},
	{"*", "object entity rule fate kind state severity action role decision how origin verb purpose method field_type link_object of_entity error_code resolved_by status_code check_name", code},
	{"issue profile difference delta_item dup_* final_held_back conflict kept_value", "field field_key", code},
	{"doctor_finding", "code", code},
	{"*", "part", code},
	{"*", "*_key marker symbol type_key", key},
	{"*", "*_id *_at *_on *_hash at day sha256 seal stamp", shape},
}

// policyOf is what the profile says of a column.
func policyOf(table, column string) policy {
	for _, line := range profile {
		if fits(line.tables, table) && fits(line.columns, column) {
			return line.policy
		}
	}
	return seal
}

func fits(patterns, name string) bool {
	for _, p := range strings.Fields(patterns) {
		if ok, err := path.Match(p, name); err == nil && ok {
			return true
		}
	}
	return false
}

var (
	harmless = regexp.MustCompile(`^(-?[0-9]{1,18}(\.[0-9]{1,9})?|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-f]{16,64}` +
		`|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)$`)
	oneWord = regexp.MustCompile(`^[a-z][a-z0-9_.]{0,60}$`)
	request = regexp.MustCompile(`^/[A-Za-z0-9/_.-]*$`)
	partOf  = regexp.MustCompile(`[^:/|#,]+`)
	email   = regexp.MustCompile(`[^\s"'<>(),;:=]+@[^\s"'<>(),;:=]+`)
	phone   = regexp.MustCompile(`\+?[0-9][0-9 ()/-]{6,}[0-9]`)
)
