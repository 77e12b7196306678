package entity

import "strings"

// ForOne makes a query on view final_item read the table of one kind alone.
// SQLite compiles every branch of the view into every statement, which takes
// longer than running it: loading asks such questions several times a kind.
func ForOne(query, name string) string {
	from, where := "final_"+name, ""
	if of, isFollower := strings.CutSuffix(name, "_follower"); isFollower {
		from, where = "final_follower", " WHERE of_entity = '"+of+"'"
	}
	return strings.ReplaceAll(query, "final_item", "(SELECT '"+name+"' AS entity, final_key, seq, marker, payload FROM "+from+where+")")
}
