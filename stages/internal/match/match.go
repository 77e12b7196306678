// Package match decides whether two records are the same person or the same
// company, and groups the records that are.
//
//	reads   its arguments only: values that the clean stage has normalised
//	does    names the evidence for each pair, clusters with vetoes, ranks survivors
//	writes  nothing
//
// Three promises hold for every function:
//
//   - A merge needs evidence beyond a name, a person's name above all. What is
//     likely but not proven is [Review]: it is listed and stays apart, because a
//     missed duplicate costs a click and a wrong merge costs a customer.
//   - Two records that can merge or need review share a blocking key
//     ([ContactKeys], [AccountKeys]), so no stage ever compares all with all.
//   - The result depends on the records alone, never on their order: comparing
//     (a, b) and (b, a) gives the same verdict.
//
// What "compatible" and "similar" mean for names is the table of [TruthTable];
// every rule with its code and confidence is in [Rules].
package match

// Decision says what becomes of a pair.
type Decision string

// The three decisions. Only Merge ever joins two records.
const (
	Merge    Decision = "merge"    // the same: one record goes on
	Review   Decision = "review"   // maybe the same: listed for a person, kept apart
	Distinct Decision = "distinct" // not the same, or no evidence at all
)

// Verdict is the outcome of one comparison.
type Verdict struct {
	Decision   Decision
	Rule       string  // stable code such as "contact.same_email_compatible_name"
	Confidence float64 // that Decision is right, 0 to 1; fixed per rule
	Why        string  // one sentence naming the evidence
	// Contradicts says that the two cannot be one record, whatever links them
	// through a third one: within a cluster it is a veto.
	Contradicts bool
	// Identity says that the source itself treats the two as one record (plugin
	// edition, same e-mail). No contradiction with a third record undoes it.
	Identity bool
}

// Plugin is the [Contact] Edition in which the primary e-mail is the record's
// identity. Every other value means that the record id is.
const Plugin = "plugin"

// Contact holds what persons are compared by. Every value is normalised; an
// empty one is unknown and neither links nor contradicts.
type Contact struct {
	Key        string   // the record's id, for the caller
	First      string   // given names, in any case and script; titles may stay
	Last       string   // family names
	Full       string   // whole name: used when First and Last are empty
	Emails     []string // valid addresses, primary first
	EmailKeys  []string // mailbox of each address: the address without +tag
	Phones     []string // E.164
	AccountKey string   // the account after account deduplication
	Birthday   string   // YYYY-MM-DD; any other form must be equal to count
	Edition    string   // Plugin, or anything else
}

// Account holds what companies are compared by, under the same terms.
type Account struct {
	Key       string
	Name      string // as displayed; only quoted in Why
	StrictKey string // folded name with legal form; used when LooseKey is empty
	LooseKey  string // folded name without legal form
	LegalForm string // as written or listed; spellings of one form count as one; "" when none was written
	Domain    string // registrable domain; "" for free-mail and hosting domains
	RegNo     string // number in the national register
	VAT       string // with country prefix
	Country   string // ISO 3166 alpha-2
	City      string
	Phones    []string // E.164
}

// firstShared returns the first value of a that b holds too, or "".
func firstShared(a, b []string) string {
	for _, x := range a {
		for _, y := range b {
			if x != "" && x == y {
				return x
			}
		}
	}
	return ""
}

// bothDiffer reports whether two known values disagree.
func bothDiffer(a, b string) bool { return a != "" && b != "" && a != b }

// bothEqual reports whether two known values agree.
func bothEqual(a, b string) bool { return a != "" && a == b }
