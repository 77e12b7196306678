package mapping

// KnownColumns lists the columns of a clean table that the map deals with.
func KnownColumns(name string) map[string]bool {
	known := map[string]bool{}
	for _, o := range objects {
		if o.name != name {
			continue
		}
		for _, r := range o.rules {
			known[r.source] = true
		}
		for _, c := range o.internal {
			known[c] = true
		}
	}
	return known
}
