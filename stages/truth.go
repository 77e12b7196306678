package stages

import "nextpipe/stages/internal/match"

// TruthTables are the tables of which names are compatible or similar, as Markdown.
func TruthTables() string { return match.TruthTableMarkdown() }
